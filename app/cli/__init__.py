"""The command line: parses, calls the same reads and actions as the console, prints.

Exit codes: 0 done, 1 failed, 2 wrong use, 75 try again later (a service is away).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from app.cli import access, adopting, checks, decisions, processes, shown
from app.cli.types import Commands
from app.contributions import contributions
from app.errors import Conflict, Forbidden, Invalid, RotaError, SettingsError, Unavailable, Unknown
from app.system import System

DONE, FAILED, WRONG_USE, TRY_LATER = 0, 1, 2, 75

Run = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code."""
    try:
        parser = _parser(arguments)
        options = parser.parse_args(arguments)
        run: Run = options.run
        return run(options)
    except (Unknown, Invalid) as error:
        return _say(error, WRONG_USE)
    except Unavailable as error:
        return _say(error, TRY_LATER)
    except (SettingsError, Conflict, Forbidden) as error:
        return _say(error, FAILED)
    except RotaError as error:
        return _say(error, FAILED)
    except BrokenPipeError:
        # The reader of our output went away (`| head`).
        sys.stderr.close()
        return DONE
    except KeyboardInterrupt:
        return 130


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m app", description="Rota: scheduled work for hiring teams."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (processes, checks, shown, decisions, adopting, access):
        module.add_commands(commands)
    if not arguments or arguments[0] not in commands.choices:
        # Only an unknown word, or help, costs loading the task packages' own commands.
        _add_contributed(commands)
    return parser


def _add_contributed(commands: Commands) -> None:
    system = System.open()
    for command in contributions.commands.values():
        parser = commands.add_parser(command.name, help=command.help, description=command.help)
        command.configure(parser)
        parser.set_defaults(run=command.run)
    system.close()


def _say(error: RotaError, code: int) -> int:
    print(f"error: {error}", file=sys.stderr)
    for name, text in getattr(error, "fields", {}).items():
        print(f"  {name}: {text}", file=sys.stderr)
    return code
