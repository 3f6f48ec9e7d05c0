"""users add, token add: who may sign in beside those of the environment."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime

from app.accounts import add_token, add_user
from app.cli.opening import open_system, operator
from app.cli.types import Commands
from app.errors import Invalid
from app.settings_access import ROLES


def add_commands(commands: Commands) -> None:
    users = commands.add_parser("users", help="people who may sign in")
    verbs = users.add_subparsers(title="verbs", metavar="VERB", required=True)
    add = verbs.add_parser("add", help="add a person; asks for the password")
    add.add_argument("name")
    add.add_argument("--role", choices=ROLES, default="viewer")
    add.set_defaults(run=run_add_user)
    tokens = commands.add_parser("token", help="API tokens")
    token_verbs = tokens.add_subparsers(title="verbs", metavar="VERB", required=True)
    add_token = token_verbs.add_parser("add", help="make a token; it is shown once")
    add_token.add_argument("name")
    add_token.add_argument("--role", choices=ROLES, default="viewer")
    add_token.set_defaults(run=run_add_token)


def run_add_user(options: argparse.Namespace) -> int:
    """Add a person."""
    system, by = open_system(), operator().name
    password = _password()
    add_user(system.database, options.name, options.role, password, by, datetime.now(UTC))
    print(f"{options.name} may sign in as {options.role}.")
    return 0


def run_add_token(options: argparse.Namespace) -> int:
    """Make an API token and show it."""
    system, by = open_system(), operator().name
    secret = add_token(system.database, options.name, options.role, by, datetime.now(UTC))
    print(secret)
    print("Keep it now: it is not shown again.", file=sys.stderr)
    return 0


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Again: "):
        raise Invalid("The two passwords differ.")
    return password
