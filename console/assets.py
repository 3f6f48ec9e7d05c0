"""URLs of static files that bear a hash of the content, so that browsers may keep them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask


def version_assets(app: Flask) -> None:
    """Add `v=<hash>` to every URL that `url_for("static", …)` makes."""
    folder = Path(str(app.static_folder))
    hashes = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in folder.rglob("*")
        if path.is_file()
    }

    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and values.get("filename") in hashes:
            values["v"] = hashes[values["filename"]]

    app.url_defaults(add_version)
