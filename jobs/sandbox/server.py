"""The sandbox as a server on loopback, and where it keeps its things."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from jobs.sandbox.account import service_account, write_private
from jobs.sandbox.github_api import TOKEN_OF_THE_SANDBOX
from jobs.sandbox.library import Library
from jobs.sandbox.mail_server import PASSWORD, USER, SandboxMailServer, serving_mail
from jobs.sandbox.mailbox import Mailbox
from jobs.sandbox.oauth import TokenEndpoint
from jobs.sandbox.pdl_api import KEY_OF_THE_SANDBOX
from jobs.sandbox.web import SandboxApp

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HOST = "127.0.0.1"
STOP_POLL = 0.05  # seconds between looks whether to stop
SPREADSHEET_ID = "sandbox-candidates"


@dataclass(frozen=True)
class Place:
    """A prepared sandbox: its folder, ports and service account."""

    folder: Path
    port: int
    account: dict[str, Any]
    mail_port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point the project's clients here."""
        return {
            "GOOGLE_SERVICE_ACCOUNT": str((self.folder / "service-account.json").absolute()),
            "GOOGLE_SHEETS_URL": self.url,
            "SHEETS_SPREADSHEET_ID": SPREADSHEET_ID,
            "GITHUB_URL": f"{self.url}/github",
            "GITHUB_TOKEN": TOKEN_OF_THE_SANDBOX,
            "LINKEDIN_PROVIDER": "pdl",
            "PDL_URL": f"{self.url}/pdl",
            "PDL_API_KEY": KEY_OF_THE_SANDBOX,
            "SMTP_URL": f"smtp://{USER}:{PASSWORD}@{HOST}:{self.mail_port}",
            "MAIL_FROM": "Hiring Team <hiring@example.org>",
            "RECRUITER_EMAILS": "recruiting@example.org",
        }


def prepare(folder: Path) -> Place:
    """Make the sandbox in `folder`, or find it again: same key and sheets, and the same port
    unless somebody else has taken it."""
    folder.mkdir(parents=True, exist_ok=True)
    port, mail_port = _ports(folder)
    account = service_account(folder / "service-account.json", f"http://{HOST}:{port}/token")
    place = Place(folder, port, account, mail_port)
    library = Library(folder / "sheets")
    library.create(SPREADSHEET_ID, "Candidates of the demo organisation", [account["client_email"]])
    return place


def _ports(folder: Path) -> tuple[int, int]:
    """Return the ports for HTTP and SMTP: those of last time, where they are free or ours."""
    port, mail_port = _remembered(folder / "port"), _remembered(folder / "mail-port")
    if _serves(port, folder):
        return port, mail_port
    if not _free(port):
        port = _free_port()
        write_private(folder / "port", str(port))
    if not _free(mail_port):
        mail_port = _free_port()
        write_private(folder / "mail-port", str(mail_port))
    return port, mail_port


def _remembered(path: Path) -> int:
    return int(path.read_text()) if path.exists() else 0


def _free(port: int) -> bool:
    if not port:
        return False
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return True
    except OSError:
        return False


def _serves(port: int, folder: Path) -> bool:
    """Whether the port serves this very sandbox."""
    if not port or _free(port):
        return False
    try:
        found = requests.get(f"http://{HOST}:{port}/_sandbox", timeout=2).json()
    except (requests.RequestException, json.JSONDecodeError):
        return False
    return isinstance(found, dict) and found.get("sandbox") == str(folder.absolute())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class _Quiet(WSGIRequestHandler):
    """Leaves the terminal to the system that is being tried out."""

    def connection_dropped(
        self, error: BaseException, environ: WSGIEnvironment | None = None
    ) -> None:
        self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:
        if type == "error":
            super().log(type, message, *args)


@dataclass(frozen=True)
class Sandbox:
    """A sandbox that can be served."""

    place: Place
    app: SandboxApp
    server: BaseWSGIServer
    mail: SandboxMailServer
    mailbox: Mailbox


def build(place: Place) -> Sandbox:
    """Return a server for `place`, bound but not serving yet."""
    tokens = TokenEndpoint(place.account, time.time)
    identity = str(place.folder.absolute())
    mailbox = Mailbox(place.folder / "mail")
    app = SandboxApp(Library(place.folder / "sheets"), tokens, identity, mailbox)
    mail = SandboxMailServer(mailbox, app.faults, place.mail_port, place.folder / "mail-server.pem")
    server = make_server(HOST, place.port, app, threaded=True, request_handler=_Quiet)
    return Sandbox(place, app, server, mail, mailbox)


@contextmanager
def serving(place: Place) -> Iterator[Sandbox]:
    """Serve `place` from a thread for as long as the block lasts."""
    sandbox = build(place)
    thread = threading.Thread(
        target=sandbox.server.serve_forever, args=(STOP_POLL,), name="sandbox", daemon=True
    )
    thread.start()
    try:
        with serving_mail(sandbox.mail):
            yield sandbox
    finally:
        sandbox.server.shutdown()
        thread.join()
        sandbox.server.server_close()
