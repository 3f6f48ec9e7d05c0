"""The answer "no" of an outside service, before anybody has explained it."""

from __future__ import annotations


class RefusedError(Exception):
    """A request that will be refused again: HTTP status and the service's own words."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status
        self.said = said
