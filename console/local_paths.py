"""Addresses inside this console, wherever it is mounted."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request


def root() -> str:
    """Return the path of the start page, with what the console is mounted under."""
    return f"{request.script_root}/"


def here() -> str:
    """Return the address of the page that was asked for, with its query."""
    return f"{request.script_root}{request.full_path}".rstrip("?")


def local_path(target: str | None) -> str:
    """Return `target` where it is a path of this console, else the start page."""
    if not target or not target.isprintable() or "\\" in target or not target.startswith(root()):
        return root()
    # `//host/…` and `/` followed by odd characters are other hosts to some browsers.
    parts = urlsplit(target)
    return target if not parts.netloc and not target.startswith("//") else root()
