"""The Lua scripts: every change of more than one key is one of these, or one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from redis import Redis
from redis.client import Pipeline
from redis.commands.core import Script

FOLDER = Path(__file__).parent
# Scripts that do with others' functions; the prelude stands before every one.
NEEDS = {
    "advance": ("dependents", "limits", "finish", "take"),
    "cancel": ("dependents", "marks"),
    "defer": ("dependents",),
    "due": ("schedule_rows",),
    "empty": ("dependents",),
    "fire": ("dependents",),
    "let_go": ("limits",),
    "readmit": ("limits",),
    "recover": ("dependents", "limits"),
    "reject": ("dependents", "limits"),
    "retry": ("dependents", "marks"),
    "settle": ("dependents",),
    "soon": ("schedule_rows",),
    "stop": ("marks",),
}


@cache
def source(name: str) -> str:
    """Return the whole text of the script `name`."""
    parts = ("prelude", *NEEDS.get(name, ()), name)
    return "".join((FOLDER / f"{part}.lua").read_text(encoding="utf-8") for part in parts)


@cache
def _script(name: str) -> Script:
    # Registered without a client: the client is given at each call, so a fork shares nothing.
    return Script(_Unbound(), source(name))  # type: ignore[arg-type]  # see _Unbound


def digest(name: str) -> str:
    """Return the digest by which a server knows the script."""
    return str(_script(name).sha)


class _Unbound:
    """Stands in for the client that `Script` wants only to know how to encode its source."""

    def get_encoder(self) -> Any:
        return _ENCODER


_ENCODER = Redis().get_encoder()


def run(
    name: str,
    client: Redis | Pipeline,
    keys: Sequence[str | bytes],
    args: list[str | bytes | int | float],
) -> Any:
    """Run the script `name`; its header tells the keys, the arguments and the answer.

    On a pipeline the answer comes with the pipeline's results.
    """
    return _script(name)(keys=keys, args=args, client=client)
