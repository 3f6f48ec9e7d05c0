"""The Sheets API, v4: each method cites its page.

https://developers.google.com/workspace/sheets/api/reference/rest
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from jobs.sandbox import batch_update, values_api
from jobs.sandbox.book import Book
from jobs.sandbox.cells import INPUT_OPTIONS, RENDER_OPTIONS
from jobs.sandbox.errors import ApiError, answer, invalid
from jobs.sandbox.library import Library
from jobs.sandbox.oauth import TokenEndpoint
from jobs.sandbox.request import body, choice, parameters
from jobs.sandbox.values_api import DATE_OPTIONS, DIMENSIONS, VALUE_RANGE

READING = ("majorDimension", "valueRenderOption", "dateTimeRenderOption")
WRITING = (
    "valueInputOption",
    "includeValuesInResponse",
    "responseValueRenderOption",
    "responseDateTimeRenderOption",
)


class SheetsApi:
    """The methods, by name. Each takes the request and what its path names."""

    def __init__(self, library: Library, tokens: TokenEndpoint) -> None:
        self.library = library
        self.tokens = tokens
        self.methods: dict[str, Callable[[Request, str, str], Response]] = {
            "get": self.get,
            "batch_update": self.batch_update,
            "values_get": self.values_get,
            "values_batch_get": self.values_batch_get,
            "values_update": self.values_update,
            "values_batch_update": self.values_batch_update,
            "values_append": self.values_append,
            "values_clear": self.values_clear,
            "values_batch_clear": self.values_batch_clear,
        }

    def get(self, request: Request, spreadsheet_id: str, _: str) -> Response:
        """GET …/spreadsheets/{id}: reference/rest/v4/spreadsheets/get, without grid data."""
        asked = parameters(request, ("includeGridData",))
        if asked.get("includeGridData", "false") != "false":
            raise invalid("This sandbox answers without grid data: includeGridData must be false")
        book = self._readable(request, spreadsheet_id)
        return answer(
            {
                "spreadsheetId": book.spreadsheet_id,
                "properties": {"title": book.title, "locale": "en_US", "timeZone": "Etc/GMT"},
                "sheets": [
                    {"properties": sheet.properties(n)} for n, sheet in enumerate(book.sheets)
                ],
                "spreadsheetUrl": f"{request.host_url}spreadsheets/d/{book.spreadsheet_id}/edit",
            }
        )

    def batch_update(self, request: Request, spreadsheet_id: str, _: str) -> Response:
        """POST …/{id}:batchUpdate: reference/rest/v4/spreadsheets/batchUpdate."""
        parameters(request, ())
        asked = body(request, ("requests",))
        self._may_write(request, spreadsheet_id)
        with self.library.changing(spreadsheet_id) as book:
            replies = batch_update.apply(book, asked.get("requests"))
        return answer({"spreadsheetId": spreadsheet_id, "replies": replies})

    def values_get(self, request: Request, spreadsheet_id: str, range_: str) -> Response:
        """GET …/values/{range}: reference/rest/v4/spreadsheets.values/get."""
        render, dimension = self._reading(request, READING)
        book = self._readable(request, spreadsheet_id)
        return answer(values_api.read_range(book, range_, render, dimension))

    def values_batch_get(self, request: Request, spreadsheet_id: str, _: str) -> Response:
        """GET …/values:batchGet: reference/rest/v4/spreadsheets.values/batchGet."""
        render, dimension = self._reading(request, (*READING, "ranges"))
        book = self._readable(request, spreadsheet_id)
        ranges = request.args.getlist("ranges")
        found = [values_api.read_range(book, text, render, dimension) for text in ranges]
        return answer({"spreadsheetId": spreadsheet_id, "valueRanges": found})

    def values_update(self, request: Request, spreadsheet_id: str, range_: str) -> Response:
        """PUT …/values/{range}: reference/rest/v4/spreadsheets.values/update."""
        option = choice(
            parameters(request, WRITING[:1]).get("valueInputOption"),
            INPUT_OPTIONS,
            "valueInputOption",
        )
        asked = body(request, VALUE_RANGE)
        self._may_write(request, spreadsheet_id)
        with self.library.changing(spreadsheet_id) as book:
            return answer(values_api.write_range(book, range_, asked, option))

    def values_batch_update(self, request: Request, spreadsheet_id: str, _: str) -> Response:
        """POST …/values:batchUpdate: reference/rest/v4/spreadsheets.values/batchUpdate."""
        parameters(request, ())
        asked = body(request, (WRITING[0], "data"))
        option = choice(asked.get("valueInputOption"), INPUT_OPTIONS, "valueInputOption")
        data = asked.get("data", [])
        if not isinstance(data, list):
            raise invalid("Invalid value at 'data': a list is needed")
        self._may_write(request, spreadsheet_id)
        with self.library.changing(spreadsheet_id) as book:
            responses = [self._one(book, found, option, n) for n, found in enumerate(data)]
        totals = {
            f"totalUpdated{name}": sum(response[f"updated{name}"] for response in responses)
            for name in ("Rows", "Columns", "Cells")
        }
        return answer(
            {"spreadsheetId": spreadsheet_id}
            | totals
            | {"totalUpdatedSheets": min(1, len(responses)), "responses": responses}
        )

    def _one(self, book: Book, found: object, option: str, n: int) -> dict[str, Any]:
        if not isinstance(found, dict) or not isinstance(found.get("range"), str):
            raise invalid(f"Invalid data[{n}]: a range is needed")
        return values_api.write_range(book, found["range"], found, option, f"data[{n}]")

    def values_append(self, request: Request, spreadsheet_id: str, range_: str) -> Response:
        """POST …/values/{range}:append: reference/rest/v4/spreadsheets.values/append."""
        asked = parameters(request, ("valueInputOption", "insertDataOption"))
        option = choice(asked.get("valueInputOption"), INPUT_OPTIONS, "valueInputOption")
        kinds = ("OVERWRITE", "INSERT_ROWS")
        insert = choice(asked.get("insertDataOption"), kinds, "insertDataOption", kinds[0])
        values = body(request, VALUE_RANGE)
        self._may_write(request, spreadsheet_id)
        with self.library.changing(spreadsheet_id) as book:
            return answer(values_api.append(book, range_, values, option, insert))

    def values_clear(self, request: Request, spreadsheet_id: str, range_: str) -> Response:
        """POST …/values/{range}:clear: reference/rest/v4/spreadsheets.values/clear."""
        parameters(request, ())
        body(request, ())
        self._may_write(request, spreadsheet_id)
        with self.library.changing(spreadsheet_id) as book:
            cleared = values_api.clear(book, range_)
        return answer({"spreadsheetId": spreadsheet_id, "clearedRange": cleared})

    def values_batch_clear(self, request: Request, spreadsheet_id: str, _: str) -> Response:
        """POST …/values:batchClear: reference/rest/v4/spreadsheets.values/batchClear."""
        parameters(request, ())
        ranges = body(request, ("ranges",)).get("ranges", [])
        self._may_write(request, spreadsheet_id)
        with self.library.changing(spreadsheet_id) as book:
            cleared = [values_api.clear(book, text) for text in ranges]
        return answer({"spreadsheetId": spreadsheet_id, "clearedRanges": cleared})

    def _reading(self, request: Request, allowed: tuple[str, ...]) -> tuple[str, str]:
        asked = parameters(request, allowed)
        choice(asked.get("dateTimeRenderOption"), DATE_OPTIONS, "dateTimeRenderOption", "")
        render = choice(
            asked.get("valueRenderOption"), RENDER_OPTIONS, "valueRenderOption", RENDER_OPTIONS[0]
        )
        dimension = choice(asked.get("majorDimension"), DIMENSIONS, "majorDimension", "ROWS")
        return render, dimension

    def _readable(self, request: Request, spreadsheet_id: str) -> Book:
        return self._shared(spreadsheet_id, self.tokens.check(request, to_write=False))

    def _may_write(self, request: Request, spreadsheet_id: str) -> None:
        self._shared(spreadsheet_id, self.tokens.check(request, to_write=True))

    def _shared(self, spreadsheet_id: str, caller: str) -> Book:
        book = self.library.read(spreadsheet_id)
        if caller not in book.shared_with:
            raise ApiError(403, "The caller does not have permission")
        return book
