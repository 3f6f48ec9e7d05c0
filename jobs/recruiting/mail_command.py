"""`python -m app mail`: what the outbox holds, and what only a person may decide about it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, select, update

from app import Command, Conflict, Invalid, current_database, reading, writing
from jobs.recruiting.schema import MAIL_STATES, mail_outbox, mail_suppressions

MOST_LISTED = 200


def listed(connection: Connection, state: str | None) -> list[str]:
    """Return the newest messages as lines."""
    query = select(mail_outbox).order_by(mail_outbox.c.id.desc()).limit(MOST_LISTED)
    if state is not None:
        query = query.where(mail_outbox.c.state == state)
    return [
        f"{row.id:>7}  {row.state:<10}  {row.updated_at:%Y-%m-%d %H:%M}  {row.kind}  "
        f"{row.recipient}  {row.last_error or ''}".rstrip()
        for row in connection.execute(query)
    ]


def resend(engine: Engine, mail_id: int, now: datetime) -> None:
    """Let the next run send a message again whose answer was lost, or that was refused for good.

    It goes out under its old Message-ID. Raises Invalid for an unknown id, Conflict for a message
    in any other state.
    """
    with writing(engine) as connection:
        state = connection.execute(
            select(mail_outbox.c.state).where(mail_outbox.c.id == mail_id)
        ).scalar()
        if state is None:
            raise Invalid(f"There is no message {mail_id}.")
        if state not in ("unknown", "failed"):
            raise Conflict(f"Message {mail_id} is {state}: only unknown and failed ones go again.")
        connection.execute(
            update(mail_outbox)
            .where(mail_outbox.c.id == mail_id, mail_outbox.c.state == state)
            .values(state="pending", unknowns=0, attempts=0, updated_at=now)
        )


def lift(engine: Engine, address: str) -> bool:
    """Let mail to an address go out again; False when nothing held it back."""
    with writing(engine) as connection:
        change = delete(mail_suppressions).where(mail_suppressions.c.recipient == address.lower())
        return connection.execute(change).rowcount == 1


def _configure(parser: ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True)
    showing = acts.add_parser("list", help="show the newest messages")
    showing.add_argument("--state", choices=MAIL_STATES)
    again = acts.add_parser("resend", help="send an unknown or failed message with the next run")
    again.add_argument("id", type=int)
    acts.add_parser("suppressed", help="show the addresses that get no mail, and why")
    lifting = acts.add_parser("lift", help="let mail to an address go out again")
    lifting.add_argument("address")


def _run(arguments: Namespace) -> int:
    engine = current_database()
    if arguments.act == "resend":
        resend(engine, arguments.id, datetime.now(UTC))
        return _say([f"Message {arguments.id} goes out with the next run of its task."])
    if arguments.act == "lift":
        done = lift(engine, arguments.address)
        return _say(["Mail to it goes out again." if done else "Nothing held it back."])
    with reading(engine) as connection:
        if arguments.act == "list":
            return _say(listed(connection, arguments.state) or ["There is no such message."])
        rows = connection.execute(select(mail_suppressions).order_by(mail_suppressions.c.since))
        lines = [f"{row.since:%Y-%m-%d}  {row.recipient}  {row.reason}" for row in rows]
    return _say(lines or ["No address is suppressed."])


def _say(lines: list[str]) -> int:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


mail_command = Command(
    name="mail",
    help="show the mail outbox, send a message again, lift a suppressed address",
    configure=_configure,
    run=_run,
)
