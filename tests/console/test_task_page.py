"""A task's own page: the schedule editor, skipping, further schedules, backfills, drift."""

from __future__ import annotations

import re
from copy import copy
from datetime import UTC, datetime, timedelta

from app import actions, every, reads
from app.catalogue import Catalogue
from app.reconcile import reconcile
from app.records.database import writing
from app.records.releases import adopt_catalogue
from app.system import System
from app.tasks import TaskSchedule
from tests.console.people import Browser
from tests.console.test_pages import follow
from tests.fixtures import OPERATOR

EDITOR = "/tasks/greet/schedule"


def test_the_editor_shows_the_present_schedule(operator: Browser) -> None:
    text = operator.get(EDITOR).text
    assert 'name="every" value="30m"' in text
    assert "This is what holds now" in text
    assert text.count("</time></td>") == 10 or len(re.findall(r"data-relative", text)) == 10
    cron = operator.get("/tasks/morning/schedule").text
    assert 'name="cron" value="0 9 * * *"' in cron
    assert "Next fire times in America/New_York" in cron


def test_a_preview_is_made_by_the_engine_s_own_code(operator: Browser) -> None:
    tried = operator.get(f"{EDITOR}?kind=cron&cron=15+3+*+*+*&timezone=Europe/Berlin").text
    assert "Every day at 03:15" in tried
    assert "7 runs instead of 336." in tried
    assert "03:15</time>" in tried
    wrong = operator.get(f"{EDITOR}?kind=cron&cron=banana").text
    assert "five fields" in wrong
    assert 'value="banana"' in wrong


def test_a_preview_names_what_fires_in_the_same_minute(
    operator: Browser, console_system: System
) -> None:
    reconcile(console_system, datetime.now(UTC))
    query = "kind=cron&cron=0+9+*+*+*&timezone=America/New_York"
    text = operator.get(f"{EDITOR}?{query}").text
    assert re.search(r"In the same minute:</span> .*morning", text)


def test_clock_changes_are_marked(operator: Browser) -> None:
    last_days_of_march = "kind=cron&cron=30+2+25-31+3+*&timezone=Europe/Berlin"
    assert "clock change: gap" in operator.get(f"{EDITOR}?{last_days_of_march}").text


def test_a_schedule_is_changed_and_the_code_s_own_put_back(operator: Browser) -> None:
    text = follow(operator, EDITOR, kind="cron", cron="0 6 * * *", timezone="UTC")
    assert "greet is rescheduled" in text
    assert "otto set this" in text
    assert "The code says: Every 30 minutes" in text
    text = follow(operator, f"{EDITOR}/reset", id="greet")
    assert "as the code says again" in text
    assert 'class="drift"' not in text


def test_a_task_whose_schedule_is_over_is_finished(
    operator: Browser, console_system: System
) -> None:
    actions.reschedule(console_system, OPERATOR, "greet", every="5m", max_runs=1)
    with writing(console_system.database) as connection:
        connection.exec_driver_sql("UPDATE schedules SET fired = 1 WHERE schedule_id = 'greet'")
    for path in ("/tasks/greet", "/tasks"):
        text = operator.get(path).text
        assert 'class="status s-finished"' in text
        assert "Every 5 minutes, at most 1 run, none left" in text


def test_where_the_code_changed_since_it_holds_and_that_is_told(
    operator: Browser, console_system: System
) -> None:
    actions.reschedule(console_system, OPERATOR, "greet", every="5m")
    catalogue = console_system.catalogue
    task = catalogue.tasks["greet"]
    changed = copy(task)
    changed.schedules = (TaskSchedule("greet", every("45m")),)
    newer = Catalogue({**catalogue.tasks, "greet": changed}, catalogue.timezone)
    with writing(console_system.database) as connection:
        adopt_catalogue(connection, newer, datetime.now(UTC))
    text = operator.get("/tasks/greet").text
    assert "Every 45 minutes" in text
    assert "The code has changed since olga set “Every 5 minutes”" in text


def test_who_comes_second_is_told_and_loses_nothing(
    operator: Browser, console_system: System
) -> None:
    page = operator.get(EDITOR).text
    revision = re.search(r'name="revision" value="(\d+)"', page)
    assert revision
    actions.reschedule(console_system, OPERATOR, "greet", every="5m")
    answer = operator.post(EDITOR, kind="every", every="7m", revision=revision[1])
    assert answer.status_code == 409
    assert "changed meanwhile" in answer.text
    assert 'name="every" value="7m"' in answer.text


def test_what_is_no_schedule_comes_back(operator: Browser) -> None:
    answer = operator.post(EDITOR, kind="cron", cron="99 * * * *")
    assert answer.status_code == 422
    assert 'value="99 * * * *"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert operator.post(EDITOR, id="morning", kind="every", every="5m").status_code == 422


def test_further_schedules_are_added_and_removed(operator: Browser) -> None:
    assert "Add it" in operator.get(f"{EDITOR}?new=1").text
    entered = {"arg-name": "owl", "arg-times": "2"}
    text = follow(operator, EDITOR, new="1", name="night", kind="cron", cron="0 2 * * *", **entered)
    assert "The schedule greet-night is added" in text
    assert "Remove the schedule greet-night" in text
    wrong = operator.post(EDITOR, new="1", name="a b", kind="every", every="5m")
    assert wrong.status_code == 422
    wrong = operator.post(
        EDITOR, new="1", name="x", kind="every", every="5m", **{"arg-times": "many"}
    )
    assert "is a whole number" in wrong.text
    text = follow(operator, f"{EDITOR}/delete", id="greet-night")
    assert "is removed; its history stays" in text
    assert "Remove the schedule greet-night" not in text


def test_the_next_fire_time_is_skipped(operator: Browser) -> None:
    page = operator.get("/tasks/greet").text
    found = re.search(r'name="fire_time" value="([^"]+)"', page)
    assert found
    text = follow(operator, "/tasks/greet/skip", fire_time=found[1])
    assert "greet does not run " in text
    assert "is skipped" in text


def test_a_backfill_is_looked_at_started_and_cancelled(operator: Browser) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0, tzinfo=None)
    form = {
        "from": (now - timedelta(hours=2)).isoformat(),
        "to": now.isoformat(),
        "concurrency": "2",
    }
    looked = operator.post("/tasks/greet/backfill", step="plan", **form)
    assert looked.status_code == 200
    assert "4 runs would start" in looked.text
    assert looked.text.count("never ran") == 4
    text = follow(operator, "/tasks/greet/backfill", step="run", **form)
    assert "4 runs of greet follow" in text
    assert "0 of 4 runs" in text
    cancel = re.search(r'action="(/tasks/greet/backfill/\w+/cancel)"', text)
    assert cancel
    assert "4 runs will not start" in follow(operator, cancel[1])
    wrong = operator.post("/tasks/greet/backfill", step="plan", **{**form, "concurrency": "x"})
    assert wrong.status_code == 422
    assert operator.post("/tasks/greet/backfill", step="plan").status_code == 422


def test_a_viewer_sees_previews_but_no_acts(viewer: Browser) -> None:
    assert "Save" not in viewer.get(EDITOR).text
    text = viewer.get("/tasks/greet").text
    assert "Change…" not in text
    assert "Skip the next" not in text


def test_a_schedule_has_a_beginning_an_end_and_a_number_of_runs(
    operator: Browser, console_system: System
) -> None:
    form = {
        "kind": "cron", "cron": "0 9 * * *", "timezone": "America/New_York",
        "start": "2030-01-10T00:00", "end": "2030-06-01T00:00", "max_runs": "3",
    }  # fmt: skip
    follow(operator, EDITOR, **form)
    task = reads.task(console_system, "greet", datetime.now(UTC))
    assert task.schedule
    assert task.schedule.start == datetime(2030, 1, 10, 5, tzinfo=UTC)
    assert (task.schedule.end, task.schedule.max_runs) == (datetime(2030, 6, 1, 4, tzinfo=UTC), 3)
    text = operator.get(EDITOR).text
    assert 'value="2030-01-10T00:00"' in text
    assert 'name="max_runs" inputmode="numeric" value="3"' in text
    assert "Thu 10 Jan 2030 09:00" in text


def test_limits_that_are_none_are_refused(operator: Browser) -> None:
    for wrong in (
        {"max_runs": "many"},
        {"max_runs": "0"},
        {"start": "soon"},
        {"end": "2001-01-01T00:00"},
    ):
        answer = operator.post(EDITOR, kind="every", every="1h", **wrong)
        assert answer.status_code == 422, wrong
        assert f'value="{next(iter(wrong.values()))}"' in answer.text


def test_the_preview_shows_the_schedule_s_zone_and_the_reader_s(operator: Browser) -> None:
    text = operator.get("/tasks/morning/schedule").text
    assert '<th scope="col">America/New_York</th><th scope="col">UTC</th>' in text
    assert '<th scope="col">' not in operator.get(EDITOR).text.split('id="preview"')[1]
