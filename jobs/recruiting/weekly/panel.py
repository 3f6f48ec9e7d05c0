"""The panel that shows the newest weekly report exactly as it is mailed."""

from __future__ import annotations

from app import Figure, Panel, PanelContent, current_database
from jobs.recruiting.weekly.keeping import kept_report

NOT_YET = (
    "There is no weekly report yet: it is made on Monday mornings, or when somebody runs the task "
    "weekly_analytics_report."
)


def _render() -> PanelContent:
    report = kept_report(current_database())
    if report is None:
        return PanelContent(note=NOT_YET)
    return PanelContent(
        figures=(
            Figure("Week", report.week, "the newest report"),
            Figure("Applications", f"{report.figures.received:,}", "received"),
            Figure("Hires", f"{report.figures.hires:,}"),
        ),
        html=report.html,
        note=f"Below is what is mailed: “{report.subject}”.",
        as_of=report.computed_at,
    )


weekly_panel = Panel(
    name="weekly-report",
    title="Weekly report",
    description="The hiring figures of the last closed week, exactly as mailed.",
    render=_render,
    filled_by="weekly_analytics_report",
)
