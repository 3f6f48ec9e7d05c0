"""Pieces of HTML for mail programs: tables, inline styles, bars that are cells, no images.

Bars are coloured cells, so they stay when images are blocked; nothing is loaded from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

BAR_WIDTH = 160
TABLE = 'width="100%" cellpadding="0" cellspacing="0" role="presentation"'
GRID = 'width="100%" cellpadding="6" cellspacing="0" style="border-collapse:collapse"'
CELL = "border-bottom:1px solid #e3e6ea;text-align:left;vertical-align:top;font-size:14px"
NUMBER = (
    "border-bottom:1px solid #e3e6ea;text-align:right;vertical-align:top;white-space:nowrap;"
    "font-size:14px"
)
DIM = "color:#5b6570;font-size:12px"


def page(title: str, sections: Iterable[str]) -> str:
    """Return a whole document of `sections`."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title></head>"
        '<body style="margin:0;background:#f4f5f7;color:#1c2024;'
        'font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif">'
        f'<table {TABLE}><tr><td align="center" style="padding:16px">'
        f'<table {TABLE} style="max-width:680px;background:#ffffff">'
        f"{''.join(sections)}</table></td></tr></table></body></html>\n"
    )


def section(title: str, content: str, note: str = "") -> str:
    """Return `content`, which is HTML, under a heading."""
    below = f'<p style="{DIM};margin:0 0 6px">{escape(note)}</p>' if note else ""
    return row(f'<h2 style="font-size:16px;margin:8px 0 4px">{escape(title)}</h2>{below}{content}')


def row(content: str) -> str:
    return f'<tr><td style="padding:10px 20px">{content}</td></tr>'


def table(columns: Sequence[str], rows: Iterable[str]) -> str:
    """Return a table of `rows`, each made by `cells`."""
    head = "".join(
        f'<th scope="col" style="{NUMBER if place else CELL};{DIM}">{escape(column)}</th>'
        for place, column in enumerate(columns)
    )
    return f"<table {GRID}><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def cells(first: str, *others: str) -> str:
    """Return a row: its name as text, then cells that are HTML."""
    numbers = "".join(f'<td style="{NUMBER}">{other}</td>' for other in others)
    head = f'<th scope="row" style="{CELL};font-weight:normal">{escape(first)}</th>'
    return f"<tr>{head}{numbers}</tr>"


def value(text: str, basis: str = "") -> str:
    """Return a figure in bold, above what stands behind it."""
    return f"<b>{escape(text)}</b>{below(basis)}"


def below(text: str) -> str:
    return f'<br><span style="{DIM}">{escape(text)}</span>' if text else ""


def bar(share: float) -> str:
    """Return a bar of `share` (0 to 1) of the full width; what it shows stands beside it."""
    width = max(round(BAR_WIDTH * min(max(share, 0.0), 1.0)), 1)
    return (
        f'<table cellpadding="0" cellspacing="0" role="presentation" aria-hidden="true" '
        f'width="{BAR_WIDTH}"><tr><td width="{width}" height="12" bgcolor="#3b6fd4" '
        f'style="width:{width}px;height:12px;background:#3b6fd4;font-size:1px">&nbsp;</td>'
        f'<td height="12" bgcolor="#e3e6ea" '
        f'style="height:12px;background:#e3e6ea;font-size:1px">&nbsp;</td></tr></table>'
    )


def numbers(columns: tuple[str, str], rows: Iterable[tuple[str, int]]) -> str:
    """Return a table of names and whole numbers."""
    return table(columns, (cells(name, f"{number:,}") for name, number in rows))


def definitions(found: Iterable[tuple[str, str]]) -> str:
    """Return terms with their meanings."""
    return "".join(
        f'<p style="margin:4px 0;font-size:13px"><b>{escape(name)}.</b> {escape(text)}</p>'
        for name, text in found
    )
