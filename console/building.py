"""Put the console together: pages, REST API, and what holds on every answer."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

from app.accounts import Accounts
from app.system import System
from console import (
    api,
    assets,
    badge,
    compression,
    headers,
    health,
    hosts,
    pages,
    problems,
    request_log,
    security,
    sign_in,
)
from console.hosts import KnownHosts
from console.identity import SessionMemory
from console.notices import NoticeCookie
from console.pages.frame import surroundings
from console.sharing import Sharing
from console.wording import add_wording

LARGEST_BODY = 1_000_000

log = logging.getLogger("console")


class _Json(DefaultJSONProvider):
    """Documents keep the order of their shapes, and names stay readable."""

    sort_keys = False
    ensure_ascii = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write JSON; half a surrogate pair, which UTF-8 refuses, stays the escape it came as."""
        return super().dumps(obj, **kwargs).encode("utf-8", "backslashreplace").decode()


def create_app(system: System) -> Flask:
    """Build the console of `system`. Without SECRET_KEY it makes one that ends with the process."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json = _Json(app)
    app.secret_key = system.settings.secret_key or secrets.token_hex(32)
    app.session_interface = NoticeCookie()
    app.extensions["rota-system"] = system
    app.extensions["rota-accounts"] = Accounts(system.settings, system.database)
    app.extensions["rota-session-memory"] = SessionMemory()
    app.extensions["rota-sharing"] = Sharing()
    # Only as many hops as were configured: anybody may send X-Forwarded-For. The host stays what
    # the connection says, since links are never made from it.
    hops = system.settings.trusted_proxies
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]  # Flask's documented way to add middleware
    app.wsgi_app = KnownHosts(app.wsgi_app, system.settings)  # type: ignore[method-assign]  # as above
    _register(app)
    return app


def _register(app: Flask) -> None:
    app.before_request(request_log.start_clock)
    app.before_request(hosts.refuse_unknown_hosts)
    app.before_request(security.guard)
    app.after_request(security.note_failure)
    app.after_request(request_log.log_request)
    app.after_request(headers.harden)
    app.after_request(compression.compress)
    problems.register(app)
    assets.version_assets(app)
    add_wording(app)
    app.context_processor(surroundings)
    open_ones = health.blueprint, badge.blueprint, sign_in.blueprint
    for blueprint in (*open_ones, *pages.blueprints, *api.blueprints):
        app.register_blueprint(blueprint)
