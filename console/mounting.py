"""The console inside somebody else's Flask application."""

from __future__ import annotations

import re

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from app.errors import SettingsError
from app.system import System
from console.building import create_app

PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def mount(host: Flask, url_prefix: str = "/rota", system: System | None = None) -> Flask:
    """Serve the console under `url_prefix` of `host`, and return it.

    It stays an application of its own: its sign-in, cookies, headers and error pages hold under the
    prefix, and nothing of them outside. What the host itself demands of its visitors does not
    count here. Raises SettingsError without a SECRET_KEY, with a key of `./dev up`, which signs in
    whoever has the link, and for a prefix that is none.
    """
    system = system or System.open(process="web")
    if not PREFIX.fullmatch(url_prefix):
        raise SettingsError(f"The prefix {url_prefix!r} is not a path such as /rota.")
    if not system.settings.secret_key:
        raise SettingsError(
            "SECRET_KEY is not set: whom the host application lets in is not known here, so the "
            "console is mounted only with a secret of its own. Set it to 32 random characters."
        )
    if system.settings.sign_in_key:
        raise SettingsError("SIGN_IN_KEY signs in whoever has its link: unset it to mount this.")
    console = create_app(system)
    host.wsgi_app = DispatcherMiddleware(host.wsgi_app, {url_prefix: console})  # type: ignore[method-assign]  # Flask's documented way to add middleware
    return console
