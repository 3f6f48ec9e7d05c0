"""The switch of time zones: what pages show, and what forms mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app import reads
from app.system import System
from tests.console.past_runs import past_run
from tests.console.people import Browser
from tests.console.test_pages import follow


def run_at(system: System, task_id: str, at: datetime) -> str:
    minutes = (datetime.now(UTC).replace(microsecond=0) - at).total_seconds() / 60
    return past_run(system, task_id, minutes_ago=minutes)


@pytest.fixture
def noon() -> datetime:
    """Noon UTC some days ago."""
    return (datetime.now(UTC) - timedelta(days=3)).replace(
        hour=12, minute=0, second=0, microsecond=0
    )


def test_pages_show_times_in_the_chosen_zone(
    viewer: Browser, console_system: System, noon: datetime
) -> None:
    run_id = run_at(console_system, "greet", noon)
    local = f"{noon.astimezone(ZoneInfo('Asia/Kolkata')):%H:%M}"
    assert local not in viewer.get(f"/runs/{run_id}").text
    answer = viewer.post("/zone", zone="Asia/Kolkata", back=f"/runs/{run_id}")
    assert answer.location == f"/runs/{run_id}"
    for path in (f"/runs/{run_id}", "/runs"):
        text = viewer.get(path).text
        assert local in text, path
        assert "<b>Asia/Kolkata</b>" in text, path
    viewer.post("/zone", zone="")
    assert local not in viewer.get(f"/runs/{run_id}").text


def test_each_task_s_times_may_stand_in_its_own_zone(
    viewer: Browser, console_system: System, noon: datetime
) -> None:
    zone = console_system.catalogue.task("morning").schedules[0].schedule.timezone
    assert zone
    assert zone != "UTC"
    run_id = run_at(console_system, "morning", noon)
    run_at(console_system, "greet", noon)
    viewer.post("/zone", zone="task")
    local = noon.astimezone(ZoneInfo(zone))
    text = viewer.get("/runs").text
    assert f"{local:%H:%M} {local:%Z}</time>" in text
    assert "12:00 UTC</time>" in text
    assert f"<b>{zone}</b>" in viewer.get(f"/runs/{run_id}").text
    assert f"<b>{zone}</b>" in viewer.get("/tasks/morning").text


def test_a_zone_that_is_none_is_refused_and_a_broken_cookie_means_nothing(viewer: Browser) -> None:
    assert viewer.post("/zone", zone="Mars/Base").status_code == 422
    viewer.client.set_cookie("rota-zone", "../../etc/passwd")
    assert "<b>UTC</b>" in viewer.get("/tasks").text


def test_who_has_no_script_chooses_from_a_list(viewer: Browser) -> None:
    answer = viewer.post("/zone", zone="mine", back="/tasks")
    assert answer.location == "/zone?back=/tasks"
    text = viewer.get(answer.location).text
    assert "<option >America/New_York</option>" in text
    assert 'name="back" value="/tasks"' in text


def test_a_time_is_read_in_the_zone_that_the_form_named(
    operator: Browser, console_system: System
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    written = f"{tomorrow:%Y-%m-%d}T09:30"
    operator.post("/zone", zone="Asia/Tokyo")
    assert 'name="in_zone" value="Asia/Tokyo"' in operator.get("/tasks/greet").text
    for given, zone in ({}, "Asia/Tokyo"), ({"in_zone": "America/New_York"}, "America/New_York"):
        answer = operator.post("/tasks/greet/trigger", at=written, **given)
        run = reads.run(console_system, answer.location.rpartition("/")[2])
        assert f"{run.at.astimezone(ZoneInfo(zone)):%H:%M}" == "09:30"


def test_a_search_means_days_of_the_shown_zone(
    viewer: Browser, console_system: System, noon: datetime
) -> None:
    run_id = run_at(console_system, "greet", noon)
    day = noon.date()
    viewer.post("/zone", zone="Pacific/Kiritimati")
    assert run_id not in viewer.get(f"/runs?q=at:{day}").text
    assert run_id in viewer.get(f"/runs?q=at:{day + timedelta(days=1)}").text


def test_the_switch_is_everywhere_and_needs_no_script(viewer: Browser) -> None:
    assert "Times in" in viewer.get("/tasks").text
    assert "Asia/Tokyo" in follow(viewer, "/zone", zone="Asia/Tokyo")
