"""The sandbox speaks the Sheets API as documented, and refuses what is not listed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests

from jobs.sandbox import a1
from jobs.sandbox.a1 import Area
from jobs.sandbox.errors import ApiError
from jobs.sandbox.faults import Fault
from jobs.sandbox.oauth import GRANT
from jobs.sandbox.server import SPREADSHEET_ID, Sandbox

Call = Callable[..., requests.Response]
AT = f"/v4/spreadsheets/{SPREADSHEET_ID}"


@pytest.fixture
def call(sandbox: Sandbox) -> Call:
    """Send a request with a valid token."""
    token = sandbox.app.tokens.new_token()

    def call(method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(
            method, sandbox.place.url + path, headers=headers, timeout=5, **options
        )

    return call


def put(call: Call, range_: str, rows: list[list[Any]], option: str = "RAW") -> requests.Response:
    return call("PUT", f"{AT}/values/{range_}?valueInputOption={option}", json={"values": rows})


def get(call: Call, range_: str, **parameters: str) -> dict[str, Any]:
    found: dict[str, Any] = call("GET", f"{AT}/values/{range_}", params=parameters).json()
    return found


def error(response: requests.Response) -> tuple[int, str, str]:
    found = response.json()["error"]
    assert found["code"] == response.status_code
    return found["code"], found["status"], found["message"]


def test_raw_values_are_kept_and_typed_ones_understood(call: Call) -> None:
    row = ["007", "1,234.5", "true", "2026-11-24", "=A1", "'quoted", 7, True]
    put(call, "Sheet1!A1", [row])
    put(call, "Sheet1!A2", [row], "USER_ENTERED")
    values = get(call, "Sheet1", valueRenderOption="UNFORMATTED_VALUE")["values"]
    assert values[0] == row
    assert values[1] == [7, 1234.5, True, 46350, "#N/A", "quoted", 7, True]
    shown = get(call, "Sheet1!A2:H2")["values"][0]
    assert shown == ["7", "1234.5", "TRUE", "46350", "#N/A", "quoted", "7", "TRUE"]
    assert get(call, "Sheet1!E2", valueRenderOption="FORMULA")["values"] == [["=A1"]]


def test_empty_rows_and_cells_at_the_end_are_left_out(call: Call) -> None:
    put(call, "Sheet1!B2:D4", [["b", "", ""], ["", "", ""], ["", "c", ""]])
    assert get(call, "Sheet1") == {
        "range": "Sheet1!A1:Z1000",
        "majorDimension": "ROWS",
        "values": [[], ["", "b"], [], ["", "", "c"]],
    }
    assert get(call, "Sheet1", majorDimension="COLUMNS")["values"] == [
        [],
        ["", "b"],
        ["", "", "", "c"],
    ]
    assert "values" not in get(call, "Sheet1!F1:F9")


def test_null_leaves_a_cell_and_empty_text_empties_it(call: Call) -> None:
    put(call, "Sheet1!A1", [["a", "b"]])
    put(call, "Sheet1!A1", [[None, ""]])
    assert get(call, "Sheet1!A1:B1")["values"] == [["a"]]


def test_values_written_as_columns_arrive_as_columns(call: Call) -> None:
    body = {"values": [["a", "b"], ["c"]], "majorDimension": "COLUMNS"}
    call("PUT", f"{AT}/values/A1?valueInputOption=RAW", json=body)
    assert get(call, "A1:B2")["values"] == [["a", "c"], ["b"]]


@pytest.mark.parametrize(
    ("range_", "rows", "said"),
    [
        (
            "Sheet1!A1:A1001",
            [["x"]],
            r"Range \(Sheet1!A1:A1001\) exceeds grid limits. Max rows: 1000",
        ),
        ("Sheet1!AA1", [["x"]], r"exceeds grid limits. Max rows: 1000, max columns: 26"),
        ("Sheet1!A1:B2", [["x"], ["y"], ["z"]], r"tried writing to row \[3\]"),
        ("Sheet1!A1:B2", [["x", "y", "z"]], r"tried writing to column \[C\]"),
        ("Nowhere!A1", [["x"]], "Unable to parse range: Nowhere!A1"),
        ("Sheet1!A1:", [["x"]], "Unable to parse range"),
        ("Sheet1!A1", [[["nested"]]], "a list is no cell value"),
        ("Sheet1!A1", [["x" * 50_001]], "more than the maximum of 50000 characters"),
        ("Sheet1!A1", ["flat"], "a list of lists is needed"),
    ],
)
def test_writes_outside_of_range_or_grid_are_refused(
    call: Call, range_: str, rows: list[Any], said: str
) -> None:
    code, status, message = error(put(call, range_, rows))
    assert (code, status) == (400, "INVALID_ARGUMENT")
    assert re.search(said, message)
    assert "values" not in get(call, "Sheet1")


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("PUT", "/values/A1", {"values": [["x"]]}, "'valueInputOption' is required"),
        ("PUT", "/values/A1?valueInputOption=LOUD", {}, "Invalid value at 'valueInputOption'"),
        ("PUT", "/values/A1?valueInputOption=RAW&shout=1", {}, 'Unknown name "shout"'),
        ("PUT", "/values/A1?valueInputOption=RAW", {"cells": []}, 'Unknown name "cells"'),
        ("PUT", "/values/A1?valueInputOption=RAW", {"range": "A2"}, "the body names range"),
        ("POST", "/values:batchUpdate", {"data": []}, "'valueInputOption' is required"),
        ("POST", ":batchUpdate", {"requests": []}, "Must specify at least one request"),
        ("POST", ":batchUpdate", {"requests": [{"sortRange": {}}]}, 'Unknown name "sortRange"'),
        ("GET", "?fields=sheets", None, 'Unknown name "fields"'),
        ("GET", "?includeGridData=true", None, "includeGridData must be false"),
        ("GET", "/values/A1?valueRenderOption=NICE", None, "Invalid value at 'valueRenderOption'"),
    ],
)
def test_what_is_not_listed_is_refused(
    call: Call, method: str, path: str, body: Any, said: str
) -> None:
    code, status, message = error(call(method, AT + path, json=body))
    assert (code, status) == (400, "INVALID_ARGUMENT")
    assert said in message


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/v4/spreadsheets/unknown", 404),
        ("GET", "/v5/spreadsheets", 404),
        ("POST", f"{AT}:explode", 404),
        ("DELETE", AT, 405),
        ("GET", "/token", 405),
    ],
)
def test_unknown_routes_and_methods_are_refused_in_googles_form(
    call: Call, method: str, path: str, code: int
) -> None:
    assert error(call(method, path))[0] == code


def test_a_batch_of_requests_is_all_or_nothing(call: Call) -> None:
    grow = {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 5}}
    wrong = {"appendDimension": {"sheetId": 99, "dimension": "ROWS", "length": 5}}
    refused = call("POST", f"{AT}:batchUpdate", json={"requests": [grow, wrong]})
    assert error(refused)[2].startswith("Invalid requests[1].appendDimension: No grid with id: 99")
    assert rows_of(call) == 1000
    done = call("POST", f"{AT}:batchUpdate", json={"requests": [grow, grow]})
    assert done.json() == {"spreadsheetId": SPREADSHEET_ID, "replies": [{}, {}]}
    assert rows_of(call) == 1010


def rows_of(call: Call) -> int:
    found: int = call("GET", AT).json()["sheets"][0]["properties"]["gridProperties"]["rowCount"]
    return found


def test_a_batch_of_values_is_all_or_nothing(call: Call) -> None:
    data = [{"range": "A1", "values": [["x"]]}, {"range": "Nowhere!A1", "values": [["x"]]}]
    body = {"valueInputOption": "RAW", "data": data}
    assert error(call("POST", f"{AT}/values:batchUpdate", json=body))[0] == 400
    assert "values" not in get(call, "Sheet1")
    answer = call("POST", f"{AT}/values:batchUpdate", json={**body, "data": data[:1]}).json()
    assert answer["totalUpdatedCells"] == 1
    assert answer["responses"][0]["updatedRange"] == "Sheet1!A1"


def test_append_writes_below_the_table_twice_when_asked_twice(call: Call) -> None:
    put(call, "Sheet1!A1", [["Name"], ["Ada"]])
    for _ in range(2):
        call(
            "POST",
            f"{AT}/values/Sheet1!A1:append?valueInputOption=RAW",
            json={"values": [["Grace"]]},
        )
    assert get(call, "Sheet1")["values"] == [["Name"], ["Ada"], ["Grace"], ["Grace"]]


def test_clearing_empties_only_the_range(call: Call) -> None:
    put(call, "Sheet1!A1:B2", [["a", "b"], ["c", "d"]])
    call("POST", f"{AT}/values/Sheet1!B1:B2:clear")
    assert get(call, "Sheet1")["values"] == [["a"], ["c"]]
    call("POST", f"{AT}/values:batchClear", json={"ranges": ["A1", "A2"]})
    assert "values" not in get(call, "Sheet1")


def test_titles_with_quotes_spaces_and_slashes_are_found(call: Call) -> None:
    title = "Ada's list / 2026"
    add = {"addSheet": {"properties": {"title": title}}}
    reply = call("POST", f"{AT}:batchUpdate", json={"requests": [add]}).json()["replies"][0]
    assert reply["addSheet"]["properties"]["title"] == title
    range_ = "'Ada''s list / 2026'!A1"
    put(call, quote(range_, safe=""), [["x"]])
    found = get(call, quote(range_, safe=""))
    assert (found["range"], found["values"]) == (range_, [["x"]])
    again = call("POST", f"{AT}:batchUpdate", json={"requests": [add]})
    assert "already exists" in error(again)[2]


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("A1", Area(0, 0, 1, 1, True)),
        ("B2:D4", Area(1, 1, 4, 4)),
        ("D4:B2", Area(1, 1, 4, 4)),
        ("A:C", Area(0, 0, None, 3)),
        ("2:3", Area(1, 0, 3, None)),
        ("A5:A", Area(4, 0, None, 1)),
        ("A5:B", Area(4, 0, None, 2)),
        ("$AA$10", Area(9, 26, 10, 27, True)),
        ("Sheet1", Area()),
        ("'Sheet1'", Area()),
    ],
)
def test_a1_notation_is_read(text: str, area: Area) -> None:
    assert a1.split(text, ["Sheet1"]) == ("Sheet1", area)


@pytest.mark.parametrize("text", ["", "A", "1", "A0", "'Sheet1", "A1:B2:C3", "Ä1", "A1:5"])
def test_what_is_no_a1_notation_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match="Unable to parse range"):
        a1.split(text, ["Sheet1"])


def test_without_a_token_nothing_is_answered(sandbox: Sandbox) -> None:
    for headers in ({}, {"Authorization": "Bearer made-up"}):
        answer = requests.get(sandbox.place.url + AT, headers=headers, timeout=5)
        assert error(answer)[:2] == (401, "UNAUTHENTICATED")


def test_faults_are_ordered_over_http_from_this_machine_only(sandbox: Sandbox, call: Call) -> None:
    address = f"{sandbox.place.url}/_sandbox/faults"
    order = {"kind": "status", "status": 429, "retry_after": "3", "match": "/v4"}
    assert requests.post(address, json=order, timeout=5).json()["faults"][0]["status"] == 429
    answer = call("GET", AT)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert call("GET", AT).status_code == 200
    assert requests.post(address, json={"kind": "meteor"}, timeout=5).status_code == 400
    assert requests.post(address, json={"kind": "slow", "speed": 1}, timeout=5).status_code == 400
    elsewhere = {"Host": "sandbox.example.org"}
    assert requests.get(address, headers=elsewhere, timeout=5).status_code == 403


def test_a_reset_really_cuts_the_connection(
    sandbox: Sandbox, call: Call, capfd: pytest.CaptureFixture[str]
) -> None:
    sandbox.app.faults.add(Fault("reset", match="/v4", after_commit=True))
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        put(call, "Sheet1!A1", [["x"]])
    assert get(call, "Sheet1")["values"] == [["x"]]
    assert capfd.readouterr().err == ""


def test_a_person_can_look_at_the_sheet(sandbox: Sandbox, call: Call) -> None:
    put(call, "Sheet1!A1", [["<script>alert(1)</script>"]])
    page = requests.get(f"{sandbox.place.url}/spreadsheets/d/{SPREADSHEET_ID}", timeout=5)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert page.headers["Content-Security-Policy"] == "default-src 'none'"


def test_the_grant_name_is_the_documented_one() -> None:
    assert GRANT == "urn:ietf:params:oauth:grant-type:jwt-bearer"
