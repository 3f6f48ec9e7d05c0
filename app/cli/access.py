"""users, token: who may sign in beside those of the environment."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime

from app import actions, reads
from app.cli.opening import open_system, operator
from app.cli.types import Commands
from app.errors import Invalid
from app.settings_access import ROLES


def add_commands(commands: Commands) -> None:
    users = commands.add_parser("users", help="people who may sign in")
    verbs = users.add_subparsers(title="verbs", metavar="VERB", required=True)
    verbs.add_parser("list", help="list them").set_defaults(run=run_list_users)
    add = _named(verbs, "add", "add a person; asks for the password", run_add_user)
    _account_options(add, "viewer")
    change = _named(verbs, "change", "change role or limits", run_change_user)
    _account_options(change, None)
    _named(verbs, "password", "give a new password; asks for it", run_new_password)
    _named(verbs, "disable", "let nobody sign in by that name", run_disable_user)
    _named(verbs, "enable", "let them sign in again", run_enable_user)
    tokens = commands.add_parser("token", help="API tokens")
    token_verbs = tokens.add_subparsers(title="verbs", metavar="VERB", required=True)
    token_verbs.add_parser("list", help="list them").set_defaults(run=run_list_tokens)
    make = _named(token_verbs, "add", "make a token; it is shown once", run_add_token)
    _account_options(make, "viewer")
    _named(token_verbs, "revoke", "let it open nothing any more", run_revoke_token)


def run_list_users(_options: argparse.Namespace) -> int:
    """List everybody who may sign in."""
    for user in reads.users(open_system(), datetime.now(UTC)):
        state = "disabled" if user.disabled else user.source
        print(f"{user.name:<24} {user.role:<9} {state:<12} {_limits(user.tasks, user.queues)}")
    return 0


def run_add_user(options: argparse.Namespace) -> int:
    """Add a person."""
    system = open_system()
    actions.add_user(
        system, operator(), options.name, options.role, _password(),
        options.tasks or "", options.queues or "", now=datetime.now(UTC),
    )  # fmt: skip
    print(f"{options.name} may sign in as {options.role}.")
    return 0


def run_change_user(options: argparse.Namespace) -> int:
    """Change a person's role or limits."""
    actions.change_user(
        open_system(), operator(), options.name, now=datetime.now(UTC),
        role=options.role, tasks=options.tasks, queues=options.queues,
    )  # fmt: skip
    print(f"{options.name} is changed.")
    return 0


def run_new_password(options: argparse.Namespace) -> int:
    """Give a person another password; their sessions end."""
    now = datetime.now(UTC)
    actions.change_user(open_system(), operator(), options.name, now=now, password=_password())
    print(f"{options.name} has a new password.")
    return 0


def run_disable_user(options: argparse.Namespace) -> int:
    """Let a person sign in no more; their sessions end."""
    now = datetime.now(UTC)
    actions.change_user(open_system(), operator(), options.name, now=now, disabled=True)
    print(f"{options.name} may no longer sign in.")
    return 0


def run_enable_user(options: argparse.Namespace) -> int:
    """Let a person sign in again."""
    now = datetime.now(UTC)
    actions.change_user(open_system(), operator(), options.name, now=now, disabled=False)
    print(f"{options.name} may sign in again.")
    return 0


def run_list_tokens(_options: argparse.Namespace) -> int:
    """List the API tokens."""
    for token in reads.tokens_of(open_system()):
        state = "revoked" if token.revoked_at else token.source
        print(f"{token.name:<24} {token.role:<9} {state:<12} {_limits(token.tasks, token.queues)}")
    return 0


def run_add_token(options: argparse.Namespace) -> int:
    """Make an API token and show it."""
    secret = actions.add_token(
        open_system(), operator(), options.name, options.role,
        options.tasks or "", options.queues or "", now=datetime.now(UTC),
    )  # fmt: skip
    print(secret)
    print("Keep it now: it is not shown again.", file=sys.stderr)
    return 0


def run_revoke_token(options: argparse.Namespace) -> int:
    """Let a token open nothing any more."""
    actions.revoke_token(open_system(), operator(), options.name, now=datetime.now(UTC))
    print(f"{options.name} is revoked.")
    return 0


def _named(verbs: Commands, verb: str, text: str, run: object) -> argparse.ArgumentParser:
    parser = verbs.add_parser(verb, help=text)
    parser.add_argument("name")
    parser.set_defaults(run=run)
    return parser


def _account_options(parser: argparse.ArgumentParser, role: str | None) -> None:
    parser.add_argument("--role", choices=ROLES, default=role)
    parser.add_argument("--tasks", metavar="PATTERNS", help="acts on these alone, such as sync_*")
    parser.add_argument("--queues", metavar="PATTERNS", help="acts on these alone, such as low")


def _limits(tasks: tuple[str, ...], queues: tuple[str, ...]) -> str:
    parts = (("tasks", tasks), ("queues", queues))
    return " ".join(f"{name}={','.join(given)}" for name, given in parts if given)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Again: "):
        raise Invalid("The two passwords differ.")
    return password
