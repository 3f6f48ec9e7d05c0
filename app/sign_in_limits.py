"""How often signing in may be tried: per name and address, per address, and by all together.

The counts are in SQL, so all web processes share them.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, func, insert, select

from app.errors import RotaError
from app.records.access_schema import sign_in_failures
from app.records.database import reading, writing

WINDOW = timedelta(minutes=1)
FOR_NAME_AND_ADDRESS = 5
FOR_ADDRESS = 20
# Every try costs a password hash, some 60 ms of a core: together at most a fifth of one.
FOR_ALL = 200
NETWORK_BITS = 64

_failures = sign_in_failures.c


class TooManyFailures(RotaError):
    """Sign-in was tried too often. `retry_after` is in seconds."""

    def __init__(self, retry_after: int, what: str) -> None:
        super().__init__(f"Too many failed sign-ins {what}. Try again in {retry_after} seconds.")
        self.retry_after = retry_after


def count_attempt(database: Engine, name: str, address: str, now: datetime) -> None:
    """Count a try before it is checked, so that parallel guesses cannot slip past together.

    Raises TooManyFailures; a refused try is no failure, else trying again would lock for ever.
    """
    key, network = _key(name, address), network_of(address)
    with reading(database) as connection:
        _demand_room(connection, key, network, now, None)
    with writing(database) as connection:
        connection.execute(delete(sign_in_failures).where(_failures.at <= now - WINDOW))
        own = connection.execute(
            insert(sign_in_failures)
            .values(key=key, address=network, at=now)
            .returning(_failures.id)
        ).scalar_one()
    try:
        with reading(database) as connection:
            _demand_room(connection, key, network, now, own)
    except TooManyFailures:
        with writing(database) as connection:
            connection.execute(delete(sign_in_failures).where(_failures.id == own))
        raise


def forget_attempts(database: Engine, name: str, address: str) -> None:
    """Forget the failures of who signed in from there."""
    with writing(database) as connection:
        connection.execute(delete(sign_in_failures).where(_failures.key == _key(name, address)))


def network_of(address: str) -> str:
    """Return what counts as one address: of IPv6 the network that one customer is given."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if found.version == 4 or found.is_loopback:
        return str(found)
    return str(ipaddress.ip_network(f"{found}/{NETWORK_BITS}", strict=False))


def _demand_room(
    connection: Connection, key: str, network: str, now: datetime, own: int | None
) -> None:
    recent = select(sign_in_failures).where(_failures.at > now - WINDOW)
    if own is not None:
        recent = recent.where(_failures.id != own)
    found = recent.subquery().c
    rules = (
        (found.key == key, FOR_NAME_AND_ADDRESS, "for this name from this address"),
        (found.address == network, FOR_ADDRESS, "from this address"),
        (found.id.is_not(None), FOR_ALL, "altogether"),
    )
    counts = [part for rule, _, _ in rules
              for part in (func.count().filter(rule), func.min(found.at).filter(rule))]  # fmt: skip
    row = connection.execute(select(*counts)).one()
    for position, (_, most, what) in enumerate(rules):
        count, oldest = row[2 * position], row[2 * position + 1]
        if count >= most:
            wait = (oldest + WINDOW - now).total_seconds()
            raise TooManyFailures(max(1, int(wait) + 1), what)


def _key(name: str, address: str) -> str:
    return f"{name[:64]}|{network_of(address)}"
