"""Audit: who did what, when, and from where; filters and place in the list are the URL."""

from __future__ import annotations

import json

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from app import reads
from app.errors import Invalid, Unknown
from app.reads.audit_trail import OUTCOMES, VIA, AuditFilter, AuditRow
from app.views import Page, to_json
from console.context import console_zone, current_system
from console.difference import changes
from console.live import live
from console.moments import local_moment
from console.pages.frame import render
from console.spreadsheet import csv_text

PAGE = 50
FILTERS = ("actor", "verb", "task_id", "run_id", "via", "address", "outcome", "since", "until")
COLUMNS = ("id", "at", "actor", "role", "via", "address", "verb", "target", "outcome")

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
@live
def page() -> ResponseReturnValue:
    chosen, cursor = _chosen(), request.args.get("cursor") or None
    try:
        found = reads.audit(current_system(), PAGE, cursor, _filter(chosen))
    except Invalid as refused:
        return _show(chosen, Page(()), cursor, refused), 422
    return _show(chosen, found, cursor)


@blueprint.get("/audit/export/<form>")
def export(form: str) -> ResponseReturnValue:
    """What the filters find, the newest 10,000 at most, as CSV or JSON."""
    if form not in ("csv", "json"):
        raise Unknown("export", form)
    found = reads.exported_audit(current_system(), _filter(_chosen()))
    place = {"Content-Disposition": f'attachment; filename="audit.{form}"'}
    if form == "json":
        answer = jsonify(acts=to_json(found))
        answer.headers.update(place)
        return answer
    text = csv_text((*COLUMNS, "before", "after"), map(_row, found))
    return Response(text, content_type="text/csv; charset=utf-8", headers=place)


def _show(
    chosen: dict[str, str],
    found: Page[AuditRow],
    cursor: str | None,
    refused: Invalid | None = None,
) -> str:
    return render(
        "audit.html",
        acts=found,
        changes={act.id: changes(act.before, act.after) for act in found.items},
        chosen=chosen,
        active={name: text for name, text in chosen.items() if text},
        later=cursor is not None,
        outcomes=OUTCOMES,
        ways=VIA,
        refused=refused,
        still=refused is not None,
    )


def _chosen() -> dict[str, str]:
    return {name: request.args.get(name, "").strip() for name in FILTERS}


def _filter(chosen: dict[str, str]) -> AuditFilter:
    zone = console_zone()
    times = {name: local_moment(name, chosen[name], zone) for name in ("since", "until")}
    texts = {name: text or None for name, text in chosen.items() if name not in times}
    return AuditFilter(**texts, **times)  # type: ignore[arg-type]  # texts and times by their names


def _row(act: AuditRow) -> list[object]:
    told = [json.dumps(side, ensure_ascii=False) if side is not None else None
            for side in (act.before, act.after)]  # fmt: skip
    return [*(getattr(act, name) for name in COLUMNS), *told]
