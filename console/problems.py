"""Every error as an answer: problem documents (RFC 9457) for programs, pages for people."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from flask import Flask, Response, json, make_response, render_template
from werkzeug.exceptions import HTTPException, InternalServerError

from app.errors import Conflict, Forbidden, Invalid, RotaError, Unavailable, Unknown
from app.sign_in_limits import TooManyFailures
from console.context import is_api

log = logging.getLogger("console")

STATUS: Mapping[type[RotaError], HTTPStatus] = {
    Unknown: HTTPStatus.NOT_FOUND,
    Forbidden: HTTPStatus.FORBIDDEN,
    Conflict: HTTPStatus.CONFLICT,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    TooManyFailures: HTTPStatus.TOO_MANY_REQUESTS,
}
TITLES = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read",
    HTTPStatus.UNAUTHORIZED: "Not signed in",
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "That method is not allowed here",
    HTTPStatus.CONFLICT: "The present state forbids it",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Too large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Not JSON",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Not valid",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many tries",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong in Rota",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not available at the moment",
}
DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "A request may bring at most 1 MB.",
}


@dataclass(frozen=True)
class Failure:
    """An error, ready to be shown."""

    status: HTTPStatus
    detail: str
    errors: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return TITLES.get(self.status, self.status.phrase)


def register(app: Flask) -> None:
    app.register_error_handler(RotaError, _told)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _told(error: RotaError) -> Response:
    status = next((s for kind, s in STATUS.items() if isinstance(error, kind)), None)
    if status is None:
        return _unexpected(error)
    errors = error.fields if isinstance(error, Invalid) else {}
    headers = {}
    if isinstance(error, Unavailable | TooManyFailures):
        headers["Retry-After"] = str(error.retry_after)
    return answer(Failure(status, str(error), errors, headers))


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    status = HTTPStatus(error.code)
    kept = ("Allow", "Retry-After", "WWW-Authenticate")
    headers = {name: value for name, value in error.get_headers() if name in kept}
    return answer(Failure(status, DETAILS.get(status, error.description or ""), {}, headers))


def _unexpected(error: Exception) -> Response:
    # The reference ties what the person sees to the traceback, which only the log gets.
    reference = secrets.token_hex(4)
    log.error("Unexpected error %s", reference, exc_info=error)
    status = HTTPStatus(InternalServerError.code)
    return answer(Failure(status, f"The log of the web process has it under “{reference}”."))


def answer(failure: Failure) -> Response:
    """Write the failure in the form that the caller reads."""
    if is_api():
        response = make_response(json.dumps(_document(failure)))
        response.content_type = "application/problem+json"
    else:
        response = make_response(render_template("problem.html", failure=failure))
    response.status_code = failure.status
    response.headers.extend(dict(failure.headers))
    return response


def _document(failure: Failure) -> dict[str, object]:
    document: dict[str, object] = {
        "type": "about:blank",
        "title": failure.title,
        "status": int(failure.status),
        "detail": failure.detail,
    }
    return document | ({"errors": dict(failure.errors)} if failure.errors else {})
