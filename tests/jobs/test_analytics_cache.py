"""The cached figures: a new version or none, swapped at once, old ones served with their age."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, insert, select, update

from app import Skip, every, reading, writing
from app.settings import current_settings
from jobs.analytics import refresh_analytics_cache
from jobs.recruiting.analytics import cached, definitions, refreshing
from jobs.recruiting.analytics.cached import served
from jobs.recruiting.analytics.calendar import last_closed_week
from jobs.recruiting.analytics.loading import one_moment
from jobs.recruiting.analytics.refreshing import Refreshed, figures_of_weeks, refresh
from jobs.recruiting.analytics_panel import analytics_panel
from jobs.recruiting.demo.command import create_demo
from jobs.recruiting.leasing import leased
from jobs.recruiting.recording import record
from jobs.recruiting.schema import (
    analytics_pointers,
    analytics_versions,
    applications,
    offers,
    stage_events,
)
from tests.jobs.candidates import NOW
from tests.processes import start_process

BERLIN = ZoneInfo("Europe/Berlin")


def run(engine: Engine, now: datetime = NOW, owner: str = "run-1") -> Refreshed:
    return refresh(engine, now, BERLIN, owner)


def versions(engine: Engine) -> int:
    with reading(engine) as connection:
        query = select(func.count()).select_from(analytics_versions)
        return int(connection.execute(query).scalar_one())


def reject_one(engine: Engine, at: datetime) -> None:
    """Let somebody reject an open application."""
    with writing(engine) as connection:
        row = connection.execute(
            select(applications).where(applications.c.status == "active").limit(1)
        ).one()
        connection.execute(
            update(applications).where(applications.c.id == row.id).values(status="rejected")
        )
        event = {"application_id": row.id, "from_status": "active", "from_stage": row.stage}
        event |= {"to_status": "rejected", "to_stage": row.stage, "at": at, "recorded_at": at}
        record(connection, [event | {"actor": "test", "reason": None}])


def test_the_first_refresh_serves_figures_and_the_second_confirms_them(engine: Engine) -> None:
    create_demo(engine, 60, 7, NOW)
    first = run(engine)
    second = run(engine, NOW + timedelta(minutes=15), "run-2")
    assert (first.changed, second.changed, versions(engine)) == (True, False, 1)
    found = served(engine)
    assert found is not None
    assert (found.version, found.as_of, found.confirmed_at) == (
        first.version,
        NOW,
        NOW + timedelta(minutes=15),
    )
    assert found.figures == first.figures
    assert found.definitions == definitions.VERSION


def test_a_change_makes_a_new_version(engine: Engine) -> None:
    create_demo(engine, 60, 7, NOW)
    first = run(engine)
    reject_one(engine, NOW + timedelta(minutes=2))
    second = run(engine, NOW + timedelta(minutes=15))
    assert second.changed
    assert second.version > first.version
    assert second.figures.periods[90].completed == first.figures.periods[90].completed + 1
    assert second.figures.weeks == first.figures.weeks


def test_what_was_confirmed_is_what_a_computation_would_find(engine: Engine) -> None:
    create_demo(engine, 60, 7, NOW)
    run(engine)
    later = NOW + timedelta(hours=9)
    assert not run(engine, later).changed
    kept = served(engine)
    assert kept is not None
    with one_moment(engine) as connection:
        fresh = refreshing.compute(connection, later, BERLIN)
    for days, figures in fresh.periods.items():
        assert figures.ageing == kept.figures.periods[days].ageing
        assert figures.received == kept.figures.periods[days].received
        assert figures.conversion == kept.figures.periods[days].conversion
    assert fresh.weeks == kept.figures.weeks


def test_a_new_day_makes_a_new_version_because_applications_age(engine: Engine) -> None:
    create_demo(engine, 60, 7, NOW)
    run(engine)
    assert not run(engine, datetime(2026, 11, 24, 22, 59, tzinfo=UTC)).changed
    assert run(engine, datetime(2026, 11, 24, 23, 0, tzinfo=UTC)).changed


def test_what_was_announced_counts_from_its_time_on(engine: Engine) -> None:
    """An offer may be entered with the time at which it will be sent."""
    create_demo(engine, 60, 7, NOW)
    run(engine)
    with writing(engine) as connection:
        free = select(applications.c.id).where(
            applications.c.id.not_in(select(offers.c.application_id))
        )
        one = connection.execute(free.limit(1)).scalar_one()
        values = {"application_id": one, "version": 1, "status": "sent", "updated_at": NOW}
        times = {"created_at": NOW, "sent_at": NOW + timedelta(hours=2)}
        connection.execute(insert(offers).values(values | times))
    drafts = [
        run(engine, NOW + timedelta(hours=hours)).figures.periods[90].offers.drafts
        for hours in (1, 3)
    ]
    assert drafts[0] == drafts[1] + 1


def test_one_refresh_at_a_time(engine: Engine) -> None:
    create_demo(engine, 10, 7, NOW)
    with leased(engine, refreshing.NAME, "run-1", refreshing.LEASE, NOW, "the analytics cache"):
        with pytest.raises(Skip, match="the analytics cache is being written by run-1 until"):
            run(engine, owner="run-2")
        assert run(engine, owner="run-1").changed


def test_one_that_was_overtaken_writes_nothing(engine: Engine) -> None:
    create_demo(engine, 10, 7, NOW)
    done = run(engine)
    with pytest.raises(Skip, match="another run took over the analytics"):
        cached.store(engine, done.figures, "{}", NOW, NOW, "a token that no lease has")
    assert versions(engine) == 1


def test_a_failed_refresh_leaves_the_earlier_figures_and_says_so(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_demo(engine, 60, 7, NOW)
    first = run(engine)
    reject_one(engine, NOW + timedelta(minutes=1))

    def fail(*_: object) -> None:
        raise ArithmeticError("no figures today")

    monkeypatch.setattr(refreshing, "measure", fail)
    with pytest.raises(ArithmeticError):
        run(engine, NOW + timedelta(hours=1))
    found = served(engine)
    assert found is not None
    assert (found.version, found.confirmed_at, found.figures) == (1, NOW, first.figures)
    assert found.failure == "ArithmeticError: no figures today"
    assert found.age(NOW + timedelta(hours=2)) == timedelta(hours=2)
    monkeypatch.undo()
    assert run(engine, NOW + timedelta(hours=3)).changed
    mended = served(engine)
    assert mended is not None
    assert (mended.failure, mended.failed_at) == (None, None)


def test_figures_by_other_definitions_are_not_served(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_demo(engine, 10, 7, NOW)
    run(engine)
    monkeypatch.setattr(definitions, "VERSION", definitions.VERSION + 1)
    assert served(engine) is None
    assert run(engine).changed


def test_old_versions_go_and_the_pointer_never_points_to_one(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_demo(engine, 10, 7, NOW)
    monkeypatch.setattr(cached, "KEPT", 3)
    for n in range(5):
        touch_one(engine, n)
        run(engine, NOW + timedelta(days=n))
    with reading(engine) as connection:
        pointed = connection.execute(select(analytics_pointers.c.version)).scalar_one()
        newest = connection.execute(select(func.max(analytics_versions.c.version))).scalar_one()
    assert pointed == newest
    assert versions(engine) == 3


def touch_one(engine: Engine, n: int) -> None:
    with writing(engine) as connection:
        connection.execute(
            update(applications)
            .where(applications.c.id == 1)
            .values(updated_at=NOW + timedelta(minutes=n))
        )


def test_weeks_come_from_the_cache_while_the_history_has_not_changed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_demo(engine, 60, 7, NOW)
    done = run(engine)
    week = last_closed_week(NOW, BERLIN)
    fresh = figures_of_weeks(engine, [week.back(20)], NOW, BERLIN)
    assert list(fresh) == [week.back(20).name]

    def fail(*_: object) -> None:
        raise AssertionError("computed although it was cached")

    with monkeypatch.context() as patch:
        patch.setattr(refreshing, "measure", fail)
        kept = figures_of_weeks(engine, [week, week.back(1)], NOW, BERLIN)
    assert kept[week.name] == done.figures.weeks[week.name]
    # Somebody enters late what happened in that week: the cache does not know of it.
    reject_one(engine, week.window(BERLIN).end - timedelta(hours=1))
    late = figures_of_weeks(engine, [week], NOW, BERLIN)
    assert late[week.name].completed == kept[week.name].completed + 1


DYING = """
import os, signal, sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
import jobs
from app import current_database
from jobs.recruiting.analytics import cached, refreshing

def die(*given):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(cached, sys.argv[1], die)
refreshing.refresh(
    current_database(), datetime(2026, 11, 24, 9, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin"),
    "run-9",
)
"""


@pytest.mark.parametrize("step", ["store", "_point", "_forget"])
def test_killed_at_any_step_the_earlier_figures_stay_and_the_same_run_goes_on(
    engine: Engine, database_url: str, step: str
) -> None:
    create_demo(engine, 30, 7, NOW)
    first = run(engine)
    reject_one(engine, NOW + timedelta(minutes=1))
    process = start_process(
        [sys.executable, "-c", DYING, step],
        {"DATABASE_URL": database_url},
        cwd=Path(__file__).parents[2],
    )
    assert process.wait(20) == -signal.SIGKILL
    found = served(engine)
    assert found is not None
    assert (found.version, versions(engine)) == (first.version, 1)
    assert run(engine, NOW + timedelta(hours=1), "run-9").changed
    assert versions(engine) == 2


# --- task and panel ------------------------------------------------------------------------------


@pytest.fixture
def at_home(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str, sqlite_engine: Engine
) -> Iterator[Engine]:
    """This process's own settings point at the SQLite database."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("TIMEZONE", "Europe/Berlin")
    current_settings.cache_clear()
    yield sqlite_engine
    current_settings.cache_clear()


def test_the_task_tells_what_it_found(at_home: Engine) -> None:
    create_demo(at_home, 60, 7, datetime.now(UTC))
    first = refresh_analytics_cache()
    assert first.message.startswith("Version 1 is served now: ")
    assert first.received > 0
    second = refresh_analytics_cache()
    assert (second.changed, second.version) == (False, 1)
    assert second.message.startswith("Nothing changed: version 1 of ")
    (schedule,) = refresh_analytics_cache.schedules
    assert schedule.schedule == every("15m")


def test_the_panel_shows_figures_definitions_and_age(at_home: Engine) -> None:
    assert analytics_panel.render().note.startswith("There are no figures yet")
    now = datetime.now(UTC)
    create_demo(at_home, 60, 7, now)
    refresh_analytics_cache()
    content = analytics_panel.render()
    assert content.as_of is not None
    assert content.as_of >= now
    assert "last confirmed 0 min ago" in content.note
    assert content.table is not None
    assert content.table.rows[0][0] == "Applications received"
    assert content.html is not None
    assert "From the application until the accepted offer." in content.html
    assert "<img" not in content.html
    assert "http" not in content.html


def test_the_panel_tells_of_old_figures_and_of_a_failure(at_home: Engine) -> None:
    old = datetime.now(UTC) - timedelta(hours=5)
    create_demo(at_home, 60, 7, old)
    run(at_home, old)
    note = analytics_panel.render().note
    assert "last confirmed 5 h ago" in note
    assert "look at the task refresh_analytics_cache" in note
    cached.note_failure(at_home, "Unavailable: the database is away", old + timedelta(hours=4))
    note = analytics_panel.render().note
    assert "failed: Unavailable: the database is away" in note


def test_nothing_in_the_database_is_no_failure(engine: Engine) -> None:
    done = run(engine)
    assert done.figures.periods[365].received == 0
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(stage_events)).scalar() == 0
