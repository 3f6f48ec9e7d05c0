"""Mails as text and as HTML: the same words in both, nothing of a name becomes markup or header."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage

FRAME = (
    '<div style="font:15px/1.5 -apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;'
    'color:#1b1f24;max-width:38rem">'
)
TABLE = "border-collapse:collapse;margin:0 0 20px"


@dataclass(frozen=True)
class Facts:
    """A block of names and values, one a line."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Grid:
    """A table with a header."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


Part = str | Facts | Grid


def one_line(text: str) -> str:
    """Return text without line ends and control characters, as headers need it."""
    return re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+", " ", text).strip()


def letter(subject: str, *parts: Part) -> EmailMessage:
    """Return a message of paragraphs, facts and tables, as text with an HTML alternative."""
    message = EmailMessage()
    message["Subject"] = one_line(subject)
    message.set_content("\n\n".join(_text(part) for part in parts) + "\n")
    body = "".join(_html(part) for part in parts)
    message.add_alternative(f"{FRAME}{body}</div>", subtype="html")
    return message


def _text(part: Part) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Grid):
        return _text_table([part.columns, *part.rows])
    width = max(len(name) for name, _ in part.rows) + 2
    return "\n".join(f"{name + ':':<{width}}{one_line(value)}" for name, value in part.rows)


def _html(part: Part) -> str:
    if isinstance(part, str):
        return f"<p>{_linked(part)}</p>"
    if isinstance(part, Grid):
        return _html_table(part)
    rows = "".join(
        f'<tr><th style="text-align:left;vertical-align:top;padding:2px 16px 2px 0;'
        f'font-weight:600">{html.escape(name)}</th><td style="padding:2px 0">{_linked(value)}'
        "</td></tr>"
        for name, value in part.rows
    )
    return f'<table style="{TABLE}">{rows}</table>'


def _text_table(rows: Sequence[Sequence[str]]) -> str:
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def _html_table(grid: Grid) -> str:
    style = "text-align:left;padding:4px 16px 4px 0;border-bottom:1px solid #d8dee4"
    head = "".join(f'<th style="{style}">{html.escape(name)}</th>' for name in grid.columns)
    body = "".join(
        "<tr>" + "".join(f'<td style="{style}">{_linked(cell)}</td>' for cell in row) + "</tr>"
        for row in grid.rows
    )
    return f'<table style="{TABLE}"><tr>{head}</tr>{body}</table>'


def _linked(text: str) -> str:
    """Escape text; an address of the web in it becomes a link to exactly that address."""
    pieces = re.split(r"(https?://[^\s<>\"]+)", text)
    return "".join(
        f'<a href="{html.escape(piece)}">{html.escape(piece)}</a>'
        if number % 2
        else html.escape(piece).replace("\n", "<br>")
        for number, piece in enumerate(pieces)
    )
