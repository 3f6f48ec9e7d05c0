"""Files to import, and what came of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, select

from jobs.recruiting.imports.command import ImportReport, import_file
from tests.jobs.candidates import NOW

HEADER = "Name,E-mail,Phone,Position,Stage,Status,Source,Applied at"
ADA = "Ada Lovelace,ada@example.org,+44 20 7946 0001,Engineer,Interview,active,Referral,2026-11-20"
GRACE = "Grace Hopper,grace@example.org,,Admiral,Offer,active,,2026-11-21"


class Importer:
    """Imports text as a file into one database."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.path = folder / "candidates.csv"

    def __call__(self, *lines: str | bytes, now: datetime = NOW, **options: Any) -> ImportReport:
        content = [line if isinstance(line, bytes) else line.encode() for line in lines]
        self.path.write_bytes(b"\n".join([*content, b""]))
        return import_file(self.engine, self.path, now=now, **options)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            return [
                dict(r._mapping) for r in connection.execute(select(table).order_by(table.c.id))
            ]


def reasons(report: ImportReport) -> list[str]:
    return [str(refusal) for refusal in report.refusals]
