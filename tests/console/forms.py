"""The forms of a page, as somebody who fills them in would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form that changes something: where it goes, its fields, its buttons."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def sent(self) -> list[dict[str, str]]:
        """Return what is sent by each of its buttons."""
        return [self.fields | ({name: value} if name else {}) for name, value in self.buttons]


def forms_of(page: str, path: str) -> list[Form]:
    """Return the forms of a page that POST; what has to be filled in is filled in."""
    reader = _Reader(path)
    reader.feed(page)
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self.open: Form | None = None

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in given}
        if tag == "form" and told.get("method") == "post":
            self.open = Form(told.get("action") or self.path)
            self.forms.append(self.open)
        elif self.open is None:
            return
        elif tag == "button" and told.get("formmethod") != "get":
            self.open.buttons.append((told.get("name", ""), told.get("value", "")))
        elif tag == "input" and told.get("type") not in ("radio", "checkbox") and "name" in told:
            usual = "x" if "required" in told else ""
            self.open.fields[told["name"]] = told.get("value") or usual
        elif tag == "input" and told.get("name") and "run" in (told["name"], "checked" in told):
            self.open.fields[told["name"]] = told.get("value", "on")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
