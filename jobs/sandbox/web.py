"""The sandbox as a WSGI application: routes, sign-in, faults, and its own few pages."""

from __future__ import annotations

import html
import os
import re
import socket
import struct
import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.wrappers import Request, Response

from jobs.sandbox import faults as fault_script
from jobs.sandbox.errors import ApiError, answer
from jobs.sandbox.faults import Fault, FaultScript
from jobs.sandbox.github_api import GitHubApi
from jobs.sandbox.library import Library
from jobs.sandbox.mail_pages import RULES as MAIL_RULES
from jobs.sandbox.mail_pages import MailPages
from jobs.sandbox.mailbox import Mailbox
from jobs.sandbox.oauth import TokenEndpoint
from jobs.sandbox.pdl_api import PdlApi
from jobs.sandbox.sheets_api import SheetsApi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LOOPBACK_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?")
REQUESTS_KEPT = 1_000
PROXY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


class SpreadsheetId(BaseConverter):
    regex = r"[A-Za-z0-9_-]+"


class Range(BaseConverter):
    """A1 notation; a sheet's title may hold slashes."""

    regex = r"[^:].*?"
    part_isolating = False


V4 = "/v4/spreadsheets/<id:spreadsheet_id>"
ROUTES = Map(
    [
        Rule("/token", endpoint="token", methods=["POST"]),
        Rule(V4, endpoint="get", methods=["GET"]),
        Rule(f"{V4}:batchUpdate", endpoint="batch_update", methods=["POST"]),
        Rule(f"{V4}/values:batchGet", endpoint="values_batch_get", methods=["GET"]),
        Rule(f"{V4}/values:batchUpdate", endpoint="values_batch_update", methods=["POST"]),
        Rule(f"{V4}/values:batchClear", endpoint="values_batch_clear", methods=["POST"]),
        Rule(f"{V4}/values/<range:range_>:append", endpoint="values_append", methods=["POST"]),
        Rule(f"{V4}/values/<range:range_>:clear", endpoint="values_clear", methods=["POST"]),
        Rule(f"{V4}/values/<range:range_>", endpoint="values_get", methods=["GET"]),
        Rule(f"{V4}/values/<range:range_>", endpoint="values_update", methods=["PUT"]),
        *MAIL_RULES,
        Rule("/_sandbox", endpoint="about", methods=["GET"]),
        Rule("/_sandbox/faults", endpoint="faults", methods=["GET", "POST", "DELETE"]),
        Rule("/spreadsheets/d/<id:spreadsheet_id>", endpoint="page", methods=["GET"]),
        Rule("/spreadsheets/d/<id:spreadsheet_id>/edit", endpoint="page", methods=["GET"]),
    ],
    converters={"id": SpreadsheetId, "range": Range},
    merge_slashes=False,
)


class SandboxApp:
    """Answers for all services. `requests` lists method and path of the latest requests."""

    def __init__(
        self, library: Library, tokens: TokenEndpoint, identity: str, mailbox: Mailbox
    ) -> None:
        self.library = library
        self.tokens = tokens
        self.identity = identity
        self.sheets = SheetsApi(library, tokens)
        self.mail = MailPages(mailbox)
        self.github = GitHubApi(time.time)
        self.pdl = PdlApi(time.time)
        self.faults = FaultScript()
        self.requests: deque[str] = deque(maxlen=REQUESTS_KEPT)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        named = f"{request.method} {request.path}"
        own = request.path.startswith(("/_sandbox", "/spreadsheets/", "/mail"))
        if not own:
            self.requests.append(named)
        fault = None if own else self.faults.take(named)
        return self._with(fault, request)(environ, start_response)

    def _with(self, fault: Fault | None, request: Request) -> Response:
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
            fault = None
        if fault is None or fault.after_commit:
            response = self._answer(request)
            if fault is None:
                return response
        if fault.kind == "reset":
            _reset(request)
        if fault.kind == "html":
            return Response(PROXY_PAGE, fault.status, content_type="text/html")
        elsewhere = self._elsewhere(request)
        if elsewhere:
            failed = elsewhere.failed(fault)
        else:
            failed = ApiError(fault.status, "The sandbox was told to fail.").response()
        if fault.retry_after is not None:
            failed.headers["Retry-After"] = fault.retry_after
        return failed

    def _elsewhere(self, request: Request) -> GitHubApi | PdlApi | None:
        """Return the service besides Google's that a request is for."""
        for service in (self.github, self.pdl):
            if request.path.startswith(f"{service.prefix}/"):
                return service
        return None

    def _answer(self, request: Request) -> Response:
        if elsewhere := self._elsewhere(request):
            return elsewhere.answer(request)
        try:
            endpoint, arguments = ROUTES.bind_to_environ(request.environ).match()
            return self._dispatch(str(endpoint), request, arguments)
        except ApiError as error:
            return error.response()
        except MethodNotAllowed:
            return ApiError(405, f"{request.method} is not a method of this address.").response()
        except HTTPException:
            return ApiError(404, "Requested entity was not found.").response()

    def _dispatch(self, endpoint: str, request: Request, arguments: Any) -> Response:
        if endpoint == "token":
            return self.tokens.issue(request)
        if endpoint in self.sheets.methods:
            method = self.sheets.methods[endpoint]
            return method(request, arguments["spreadsheet_id"], arguments.get("range_", ""))
        if not LOOPBACK_HOST.fullmatch(request.host):
            # A page elsewhere must not reach this through a name that resolves to loopback.
            raise ApiError(403, "Only for this machine.")
        if endpoint in self.mail.methods:
            return self.mail.methods[endpoint](**arguments)
        if endpoint == "page":
            return self._page(arguments["spreadsheet_id"])
        return self._faults(request) if endpoint == "faults" else answer({"sandbox": self.identity})

    def _faults(self, request: Request) -> Response:
        """GET lists the faults still to come, POST adds one (the fields of `Fault` as JSON),
        DELETE drops all: `curl -d '{"kind": "status", "status": 429}' …/_sandbox/faults`."""
        if request.method == "DELETE":
            self.faults.clear()
        if request.method == "POST":
            found = request.get_json(force=True, silent=True)
            self.faults.add(fault_script.from_json(found))
        return answer({"faults": [fault_script.to_json(f) for f in self.faults.pending()]})

    def _page(self, spreadsheet_id: str) -> Response:
        """Show a spreadsheet to a person, to look at only."""
        book = self.library.read(spreadsheet_id)
        parts = [f"<!doctype html><meta charset=utf-8><title>{html.escape(book.title)}</title>"]
        parts.append(f"<h1>{html.escape(book.title)} (sandbox)</h1>")
        for sheet in book.sheets:
            parts.append(f"<h2>{html.escape(sheet.title)}</h2><table border=1>")
            for cells in sheet.cells[:1001]:
                row = "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells)
                parts.append(f"<tr>{row}</tr>")
            parts.append("</table>")
        page = Response("\n".join(parts), content_type="text/html; charset=utf-8")
        page.headers["Content-Security-Policy"] = "default-src 'none'"
        return page


def _reset(request: Request) -> NoReturn:
    """Cut the connection: closing its descriptor with a zero linger time sends RST.

    The server holds further references to the socket, so that `close()` alone would wait for
    them; it takes the exception for a client that went away.
    """
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())
    raise ConnectionResetError("on order")
