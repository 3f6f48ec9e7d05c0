"""The mailbox as pages: a list, and each message as a person would see it. To look at only."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from jobs.sandbox.errors import ApiError
from jobs.sandbox.mailbox import Mailbox, Received

RULES = [
    Rule("/mail", endpoint="mail_list", methods=["GET"]),
    Rule("/mail.json", endpoint="mail_json", methods=["GET"]),
    Rule("/mail/<int:number>", endpoint="mail_message", methods=["GET"]),
    Rule("/mail/<int:number>/html", endpoint="mail_html", methods=["GET"]),
    Rule("/mail/<int:number>/text", endpoint="mail_text", methods=["GET"]),
    Rule("/mail/<int:number>/raw", endpoint="mail_raw", methods=["GET"]),
    Rule("/mail/<int:number>/part/<int:part>", endpoint="mail_part", methods=["GET"]),
]
LISTED = 200
SHOWN_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted")
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .3rem .6rem }
tr { border-bottom: 1px solid #ddd }
pre { white-space: pre-wrap; background: #f6f6f6; padding: 1rem }
iframe { width: 100%; height: 34rem; border: 1px solid #ccc; background: #fff }
"""
# The page's own style and the frame; a message may in addition show pictures that it carries.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'"
MESSAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; sandbox"


class MailPages:
    """The methods, by endpoint. Whatever a message holds runs nothing and fetches nothing."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.methods: dict[str, Callable[..., Response]] = {
            "mail_list": self.listed,
            "mail_json": self.as_json,
            "mail_message": self.message,
            "mail_html": self.html,
            "mail_text": self.text,
            "mail_raw": self.raw,
            "mail_part": self.part,
        }

    def listed(self) -> Response:
        """The newest messages."""
        rows = [self._row(each) for each in self._newest()]
        head = "<tr><th>Received (UTC)<th>To<th>Subject<th>Attached</tr>"
        table = f"<table>{head}{''.join(rows)}</table>"
        return _page("Mailbox (sandbox)", table if rows else "<p>No mail yet.</p>")

    def as_json(self) -> Response:
        """The newest messages, for programs."""
        found = [
            {
                "number": each.number,
                "at": each.at,
                "recipients": each.recipients,
                "subject": str(self.mailbox.message(each.number)["Subject"]),
            }
            for each in self._newest()
        ]
        return _answer(json.dumps({"messages": found}, indent=2), "application/json")

    def message(self, number: int) -> Response:
        """One message: headers, HTML in a frame without rights, text, attachments."""
        message = self.mailbox.message(number)
        parts = [f"<p><a href=/mail>All mail</a> · <a href=/mail/{number}/raw>raw</a></p><table>"]
        for name in SHOWN_HEADERS:
            parts.append(f"<tr><th>{name}<td>{html.escape(str(message[name] or '–'))}</tr>")
        parts.append("</table>")
        if message.get_body(("html",)) is not None:
            parts.append(
                f"<h2>As HTML</h2><iframe sandbox title='The message as HTML' "
                f"src=/mail/{number}/html></iframe>"
            )
        parts.append(f"<h2>As text</h2><pre>{html.escape(_body(message, 'plain'))}</pre>")
        for place, each in enumerate(_attachments(message)):
            name = html.escape(_name(each))
            parts.append(f"<p><a href=/mail/{number}/part/{place}>{name}</a></p>")
            if each.get_content_maintype() == "text":
                parts.append(f"<pre>{html.escape(str(each.get_content()))}</pre>")
        return _page(str(message["Subject"] or "(no subject)"), "\n".join(parts))

    def html(self, number: int) -> Response:
        """The HTML part, alone, in a document without rights."""
        message = self.mailbox.message(number)
        text = _body(message, "html")
        for place, each in enumerate(_attachments(message)):
            if each["Content-ID"]:
                name = str(each["Content-ID"]).strip("<>")
                text = text.replace(f"cid:{name}", f"/mail/{number}/part/{place}")
        return _answer(text, "text/html; charset=utf-8", MESSAGE_POLICY)

    def text(self, number: int) -> Response:
        """The text part, alone."""
        return _answer(_body(self.mailbox.message(number), "plain"), "text/plain; charset=utf-8")

    def raw(self, number: int) -> Response:
        """The message as it came."""
        text = self.mailbox.raw(number).decode("utf-8", "replace")
        return _answer(text, "text/plain; charset=utf-8")

    def part(self, number: int, part: int) -> Response:
        """One attachment. Raises ApiError when there is no such part."""
        found = list(_attachments(self.mailbox.message(number)))
        if part >= len(found):
            raise ApiError(404, "There is no such part.")
        content = found[part].get_payload(decode=True)
        response = Response(
            content if isinstance(content, bytes) else b"",
            content_type=found[part].get_content_type(),
        )
        response.headers["Content-Security-Policy"] = MESSAGE_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        if found[part].get_content_maintype() != "image":
            response.headers.set("Content-Disposition", "attachment", filename=_name(found[part]))
        return response

    def _newest(self) -> list[Received]:
        return list(self.mailbox.envelopes())[::-1][:LISTED]

    def _row(self, each: Received) -> str:
        message = self.mailbox.message(each.number)
        subject = html.escape(str(message["Subject"] or "(no subject)"))
        to = html.escape(", ".join(each.recipients))
        attached = html.escape(", ".join(_name(part) for part in _attachments(message)))
        link = f"<a href=/mail/{each.number}>{subject}</a>"
        at = f"{datetime.fromisoformat(each.at):%Y-%m-%d&nbsp;%H:%M:%S}"
        return f"<tr><td>{at}<td>{to}<td>{link}<td>{attached}</tr>"


def _attachments(message: EmailMessage) -> Iterator[EmailMessage]:
    """Yield everything that is neither text nor HTML of the message itself."""
    bodies = [message.get_body(("plain",)), message.get_body(("html",))]
    for each in message.walk():
        if not each.is_multipart() and not any(each is body for body in bodies):
            yield each


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    found: Any = part.get_content() if part is not None else ""
    return found if isinstance(found, str) else ""


def _name(part: EmailMessage) -> str:
    return part.get_filename() or part.get_content_type()


def _page(title: str, body: str) -> Response:
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title>"
    return _answer(
        f"{head}<style>{STYLE}</style><h1>{html.escape(title)}</h1>{body}",
        "text/html; charset=utf-8",
    )


def _answer(text: str, kind: str, rules: str = PAGE_POLICY) -> Response:
    response = Response(text, content_type=kind)
    response.headers["Content-Security-Policy"] = rules
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
