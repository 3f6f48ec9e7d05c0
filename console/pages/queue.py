"""Queue: its past day as charts."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app import reads
from console import chart
from console.context import console_zone, current_system, now
from console.pages.frame import render

blueprint = Blueprint("queue", __name__)


@blueprint.get("/queues/<name>")
def page(name: str) -> ResponseReturnValue:
    zone = console_zone()
    queue, history, around = reads.queue_history(current_system(), name, now())
    charts = [draw(history, zone) for draw in (chart.throughput, chart.waits, chart.depth)]
    return render(
        "queue.html", around=around, name=name, queue=queue, history=history, charts=charts
    )
