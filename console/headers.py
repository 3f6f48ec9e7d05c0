"""Response headers that hold on every answer, errors included."""

from __future__ import annotations

from flask import Response, request

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# What a task package shows as HTML is somebody's mail: it may bring its own styles, but runs in a
# sandbox of no origin, without scripts, forms or anything from elsewhere.
PREVIEW_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
BADGE = "badge.show"
A_YEAR = 31_536_000


def harden(response: Response) -> Response:
    """Add the headers. A view may have set a stricter cache or content policy of its own."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    # A public badge is made to be shown by other sites.
    shared = "cross-origin" if request.endpoint == BADGE else "same-origin"
    headers["Cross-Origin-Resource-Policy"] = shared
    headers["Permissions-Policy"] = PERMISSIONS_POLICY
    headers["Cache-Control"] = _cache(response)
    if request.is_secure:
        headers["Strict-Transport-Security"] = f"max-age={A_YEAR}; includeSubDomains"
    return response


def _cache(response: Response) -> str:
    if request.endpoint == BADGE and response.status_code == 200:
        return "public, max-age=30"
    if request.endpoint != "static" or response.status_code not in (200, 304):
        return "no-store"
    # The content's hash is in the URL, so what stands there never changes.
    return f"public, max-age={A_YEAR}, immutable" if "v" in request.args else "no-cache"
