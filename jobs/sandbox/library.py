"""The sandbox's spreadsheets on disk: one JSON file each, replaced as a whole."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.sandbox.book import Book, Sheet
from jobs.sandbox.errors import ApiError


class Library:
    """Spreadsheets under `folder`; they survive restarts. One request at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self._books: dict[str, Book] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def create(self, spreadsheet_id: str, title: str, shared_with: list[str]) -> None:
        """Add a spreadsheet with one empty sheet, unless it is there already."""
        with self.lock:
            if not self._path(spreadsheet_id).exists():
                self._save(Book(spreadsheet_id, title, shared_with, [Sheet(0, "Sheet1")]))

    def read(self, spreadsheet_id: str) -> Book:
        """Return a spreadsheet; not to be changed. Raises ApiError when there is none."""
        with self.lock:
            if spreadsheet_id not in self._books:
                try:
                    stored = json.loads(self._path(spreadsheet_id).read_text(encoding="utf-8"))
                except FileNotFoundError:
                    raise ApiError(404, "Requested entity was not found.") from None
                self._books[spreadsheet_id] = Book.from_json(stored)
            return self._books[spreadsheet_id]

    @contextmanager
    def changing(self, spreadsheet_id: str) -> Iterator[Book]:
        """Open a copy for changes; it takes the place of the old one only if all went well."""
        with self.lock:
            book = self.read(spreadsheet_id).copied()
            yield book
            self._save(book)

    def _save(self, book: Book) -> None:
        path = self._path(book.spreadsheet_id)
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(book.to_json(), ensure_ascii=False), encoding="utf-8")
        beside.replace(path)
        self._books[book.spreadsheet_id] = book

    def _path(self, spreadsheet_id: str) -> Path:
        return self.folder / f"{spreadsheet_id}.json"
