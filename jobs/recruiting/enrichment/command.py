"""`python -m app enrichment show|told|forget CANDIDATE_ID`."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from app import Command, current_database
from jobs.recruiting.enrichment.rights import forget, note_told, stored_about

ACTIONS = {
    "show": "print what providers said about a candidate, each field with its source",
    "told": "note that the candidate was told of it (Art. 14 GDPR)",
    "forget": "delete it, and never look the candidate up again",
}


def _configure(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in ACTIONS.items():
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("candidate", type=int, metavar="CANDIDATE_ID")


def _run(arguments: Namespace) -> int:
    engine, candidate, now = current_database(), arguments.candidate, datetime.now(UTC)
    if arguments.action == "show":
        found = stored_about(engine, candidate)
        text = json.dumps(found, indent=2, ensure_ascii=False, default=datetime.isoformat)
    elif arguments.action == "told":
        told = note_told(engine, candidate, now)
        text = f"Candidate {candidate}: noted for {told} answers."
    else:
        deleted = forget(engine, candidate, now)
        text = (
            f"Candidate {candidate}: {deleted} answers of providers deleted. They are not looked "
            "up any more."
        )
    sys.stdout.write(f"{text}\n")
    return 0


enrichment_command = Command(
    name="enrichment",
    help="see, note as told, or delete what providers said about a candidate",
    configure=_configure,
    run=_run,
)
