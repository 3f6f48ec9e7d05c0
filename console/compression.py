"""Answers travel compressed. What they hold beside what was asked for is no secret to guess at."""

from __future__ import annotations

import gzip

from flask import Response, request

SMALLEST = 1_000
LEVEL = 4
KINDS = ("text/html", "application/json", "text/css", "text/javascript", "text/csv",
         "application/problem+json", "image/svg+xml")  # fmt: skip


def compress(response: Response) -> Response:
    """Compress a whole answer of text where the caller takes gzip."""
    if response.mimetype not in KINDS:
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings.quality("gzip") or response.status_code not in (
        200,
        404,
        409,
        422,
    ):
        return response
    if "Content-Encoding" in response.headers or "Content-Range" in response.headers:
        return response
    response.direct_passthrough = False
    data = response.get_data()
    if len(data) < SMALLEST:
        return response
    # No time stamp in it: the same page is the same bytes.
    response.set_data(gzip.compress(data, LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response
