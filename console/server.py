"""The web process: the console behind gunicorn, bound to one port."""

from __future__ import annotations

import errno
import gc
import os
import socket
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # ships no types

from app.errors import SettingsError
from app.settings import Settings
from app.system import System
from console import create_app
from console.sign_in import is_loopback

# One process with eight threads answers some 3,000 requests a second on two cores and stays small.
WORKERS = 1
THREADS = 8
BACKLOG = 512
# A platform kills 30 s after SIGTERM; requests get nearly all of it to end.
GRACEFUL_SECONDS = 25
# Longer than the page's own rhythm, so that a watching browser keeps its connection.
KEEP_ALIVE_SECONDS = 15


def serve(system: System) -> None:
    """Serve until SIGTERM or SIGINT, then let running requests end.

    Raises SettingsError where the port is taken or the address may not be used.
    """
    settings = system.settings
    demand_secret(settings)
    app = create_app(system)
    # From here on gunicorn owns the descriptor, and closes it.
    _Server(app, bind(settings.host, settings.port).detach()).run()


def demand_secret(settings: Settings) -> None:
    """Raise SettingsError where others could reach a console that has no secret of its own."""
    if not settings.secret_key and not is_loopback(settings.host):
        raise SettingsError(
            f"HOST={settings.host} can be reached from other machines, but SECRET_KEY is not set. "
            "Set it to at least 32 random characters, or bind to 127.0.0.1."
        )


def bind(host: str, port: int) -> socket.socket:
    """Bind the port now, so that one that is taken is told at once and in words."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(_why(error, host, port)) from error
    return listener


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"PORT={port} is taken on {host} by another process: end that one or set another PORT."
        )
    if error.errno == errno.EACCES:
        return f"PORT={port} may only be used by root: set PORT to 1024 or more."
    return f"HOST={host} PORT={port} cannot be used: {error.strerror or error}."


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    def __init__(self, app: Flask, listener: int) -> None:
        self.app = app
        self.listener = listener
        super().__init__()

    def load_config(self) -> None:
        for name, value in _gunicorn_settings(self.listener).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        settle()
        return self.app


def settle() -> None:
    """Leave what is loaded out of garbage collections, as it stays until the end.

    Going through a catalogue of a thousand tasks takes a tenth of a second, in some request.
    """
    gc.collect()
    gc.freeze()


def _gunicorn_settings(listener: int) -> dict[str, Any]:
    # Heartbeats go to memory where there is some: a slow disk must not look like a hung worker.
    memory = Path("/dev/shm")  # noqa: S108 - not a file of ours, the place Linux offers for this
    return {
        "bind": f"fd://{listener}",
        "worker_class": "gthread",
        "workers": WORKERS,
        "threads": THREADS,
        "graceful_timeout": GRACEFUL_SECONDS,
        "keepalive": KEEP_ALIVE_SECONDS,
        "worker_tmp_dir": str(memory) if os.access(memory, os.W_OK) else None,
        "loglevel": "warning",
        "accesslog": None,
        "proc_name": "rota-web",
        "control_socket_disable": True,
        # Which hops to believe is TRUSTED_PROXIES alone, and Flask's side decides it.
        "forwarded_allow_ips": "",
        "forwarder_headers": "",
    }
