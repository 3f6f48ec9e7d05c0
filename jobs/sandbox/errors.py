"""Errors as Google's APIs write them."""

from __future__ import annotations

import json

from werkzeug.wrappers import Response

# https://cloud.google.com/apis/design/errors: the status that goes with each code.
STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "INVALID_ARGUMENT",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class ApiError(Exception):
    """A refusal, written as `{"error": {"code", "message", "status"}}`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def response(self) -> Response:
        error = {"code": self.code, "message": self.message, "status": STATUSES[self.code]}
        return answer({"error": error}, self.code)


def invalid(message: str) -> ApiError:
    return ApiError(400, message)


def answer(body: object, status: int = 200) -> Response:
    """Return `body` as JSON."""
    return Response(
        json.dumps(body, ensure_ascii=False, indent=2),
        status,
        content_type="application/json; charset=UTF-8",
    )
