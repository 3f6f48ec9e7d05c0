"""The time line and the history strip: pure geometry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.reads.time_line import Lane, Today
from app.views import Overview, RunView, TaskView
from console import strip, timeline

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def run(minutes_ago: float, status: str = "succeeded", seconds: float | None = 60) -> RunView:
    at = NOW - timedelta(minutes=minutes_ago)
    ran = seconds is not None
    return RunView(
        run_id=f"r-{minutes_ago}",
        task_id="t",
        status=status,
        trigger="schedule",
        at=at,
        fire_time=at,
        started_at=at if ran else None,
        ended_at=at + timedelta(seconds=seconds or 0) if ran and status != "running" else None,
        duration_seconds=seconds if status != "running" else None,
    )


def task() -> TaskView:
    return TaskView(
        "t", "Task", "", "default", None, (), "active", None, None, None, "skip", "latest", None,
        60, None, {},
    )  # fmt: skip


def drawn(
    *runs: RunView, coming: tuple[datetime, ...] = (), zone: ZoneInfo = UTC_ZONE
) -> timeline.Timeline:
    hours = timedelta(hours=12)
    overview = Overview("ok", {}, {}, (), {}, {}, ())
    lanes = (Lane(task(), runs, coming),)
    return timeline.draw(Today(NOW, NOW - hours, NOW + hours, lanes, overview), zone)


def test_now_is_in_the_middle() -> None:
    assert drawn().now_x == "50.000%"
    assert drawn().now_label == "12:00"


def test_a_run_stands_where_it_started_and_is_as_wide_as_it_took() -> None:
    (mark,) = drawn(run(360, seconds=3600)).rows[0].marks
    assert mark.x == "25.000%"
    assert mark.width == "4.167%"
    assert mark.title == "today 06:00, succeeded after 1 h"


def test_a_running_one_reaches_to_now() -> None:
    (mark,) = drawn(run(144, "running")).rows[0].marks
    assert (mark.x, mark.width) == ("40.000%", "10.000%")


def test_what_began_before_the_window_starts_at_its_edge() -> None:
    (mark,) = drawn(run(13 * 60, seconds=2 * 3600)).rows[0].marks
    assert (mark.x, mark.width) == ("0.000%", "4.167%")


def test_runs_close_together_share_a_mark_that_shows_the_worst() -> None:
    marks = drawn(run(3), run(4, "failed"), run(5), run(200)).rows[0].marks
    assert [(mark.status, mark.count) for mark in marks] == [("succeeded", 1), ("failed", 3)]
    assert marks[1].run_id == "r-4"
    assert marks[1].title.startswith("3 runs, among them today 11:56, failed")


def test_a_thousand_runs_stay_a_few_marks() -> None:
    runs = [run(number / 2, seconds=1) for number in range(1000)]
    assert len(drawn(*runs).rows[0].marks) <= 72


def test_coming_fires_are_ticks_and_close_ones_share_one() -> None:
    coming = tuple(NOW + timedelta(minutes=minutes) for minutes in (1, 2, 3, 60))
    row = drawn(coming=coming).rows[0]
    assert [tick.title for tick in row.ticks] == [
        "fires 12:01 and 2 more within 10 min",
        "fires 13:00",
    ]
    assert row.next_at == coming[0]


def test_a_lane_is_told_in_words() -> None:
    summary = drawn(run(60), run(30, "failed"), run(90), coming=(NOW + timedelta(hours=1),)).rows[0]
    assert summary.summary == (
        "Task, past 12 hours: 1 failed, 2 succeeded; coming 12 hours: next 13:00"
    )


def test_hours_follow_the_wall_clock_of_the_zone() -> None:
    labels = [hour.label for hour in drawn(zone=ZoneInfo("Asia/Kolkata")).hours]
    assert labels == ["06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "Wed 25", "03:00"]
    midnight = next(hour for hour in drawn(zone=ZoneInfo("Asia/Kolkata")).hours if hour.midnight)
    assert midnight.x == "77.083%"


def test_a_strip_has_a_bar_a_run_with_the_newest_at_the_right() -> None:
    drawing = strip.draw([run(minutes, seconds=minutes) for minutes in (4, 3, 2, 1)])
    assert [bar.x for bar in drawing.bars] == [280, 285, 290, 295]
    heights = [bar.height for bar in drawing.bars]
    assert heights == sorted(heights, reverse=True)
    assert max(heights) <= drawing.height


def test_a_strip_shows_sixty_runs_at_most() -> None:
    assert len(strip.draw([run(minutes) for minutes in range(100)]).bars) == 60


def test_outcomes_differ_in_form_not_only_in_colour() -> None:
    runs = [run(3), run(2, "failed"), run(1, "missed", None)]
    assert [bar.form for bar in strip.draw(runs).bars] == ["bar", "capped", "hollow"]


def test_a_strip_is_told_in_words() -> None:
    assert strip.draw([]).summary == "no runs yet"
    assert strip.draw([run(1)]).summary == "one run: succeeded"
    assert strip.draw([run(2), run(1, "failed"), run(3)]).summary == (
        "last 3: 2 succeeded, 1 failed"
    )


def test_a_strip_of_a_list_has_one_shape_an_outcome_and_form() -> None:
    drawn_ = strip.outlines(strip.draw([run(4), run(3), run(2, "failed"), run(1, "missed", None)]))
    assert [(shape.status, shape.form) for shape in drawn_.shapes] == [
        ("succeeded", "line"), ("failed", "line"), ("failed", "cap"), ("missed", "hollow"),
    ]  # fmt: skip
    assert drawn_.shapes[0].path.count("M") == 2
