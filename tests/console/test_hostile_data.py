"""Whatever stands in the data, a page shows it and never becomes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask

from app import reads
from app.contributions import Figure, Panel, PanelContent, PanelTable
from app.reads.access import SessionView, TokenView, UserView
from app.reads.audit_trail import AuditRow
from app.reads.shapes import (
    BackfillView,
    FailureGroup,
    Failures,
    FrameView,
    HealthView,
    OverrideView,
    Preview,
    QueuesView,
    RunDetail,
    SchedulerView,
    SetAside,
    TaskDetail,
    TaskPage,
    WorkersView,
    WorkerView,
)
from app.reads.time_line import Lane, Today
from app.related_runs import RelatedRun, RelatedRuns
from app.views import (
    ErrorView,
    FireTime,
    FireTimes,
    LogLine,
    LogPage,
    Overview,
    Page,
    PauseView,
    Problem,
    ProgressView,
    QueueView,
    RunView,
    ScheduleView,
    TaskView,
)
from tests.console.people import ADA, Browser, signed_in

NOW = datetime.now(UTC)
PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</textarea><iframe src=//evil.example>",
    "</title><script src=//evil.example></script>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "{{7*7}}${7*7}%s%n<%= 7*7 %>",
    "\u202egnp.exe\u2066",
    "nul \x00 bell \x07 escape \x1b[31m",
    "half \ud800 a character",
    "line\u2028separator\u2029",
    "&lt;b&gt;&amp;",
    "../../../etc/passwd",
    "x" * 1_000_000,
]
# Sixty ways in all: these stand together in every text, so that each sink sees each of them.
MORE = [
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script/src=//evil.example>",
    "<<script>alert(1)//<</script>",
    "<svg><script>alert(1)</script></svg>",
    "<svg/onload=alert(1)>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='jav&#x09;ascript:alert(1)'>x</a>",
    "<form action=//evil.example><button>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example>",
    "<style>*{background:url(//evil.example)}</style>",
    '" style="background:url(//evil.example)',
    "' autofocus onfocus='alert(1)",
    "`onload=alert(1)`",
    '"/><img src=x onerror=alert(1)>',
    "</pre><script>alert(1)</script>",
    "</dd></dl><script>alert(1)</script>",
    "</select><img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>",
    "</noscript><img src=x onerror=alert(1)>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "<!--<img src=x onerror=alert(1)>",
    "<template><img src=x onerror=alert(1)></template>",
    "<x onclick=alert(1)>",
    "%3Cscript%3Ealert(1)",
    "&#60;script&#62;alert(1)",
    "\\u003cscript\\u003ealert(1)",
    "<\u0000script>alert(1)</script>",
    "＜script＞alert(1)",
    "vbscript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "//evil.example",
]
ALL_WAYS = [" ".join(MORE), "".join(reversed(MORE))]
OWN = {"script", "link", "meta", "svg", "iframe", "form", "input", "button"}


class Document(HTMLParser):
    """Collects the elements and attributes that a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(value: Any, payload: str) -> Any:
    """Return a view with `payload` in each text that is not one of a fixed set of words."""
    if isinstance(value, str):
        return value if value in FIXED else payload
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: hostile(getattr(value, f.name), payload) for f in fields(value)}
        return replace(value, **changed)
    if isinstance(value, tuple | list):
        return type(value)(hostile(item, payload) for item in value)
    if isinstance(value, frozenset):
        return frozenset(hostile(item, payload) for item in value)
    if isinstance(value, dict):
        return {hostile(key, payload): hostile(item, payload) for key, item in value.items()}
    return value


# What only Rota itself can write.
FIXED = {
    "database",
    "failed", "active", "America/New_York", "properties", "type", "integer", "string", "enum",
    "description", "default", "object",
}  # fmt: skip

RUN = RunView(
    run_id="r", task_id="t", status="failed", trigger="x", at=NOW, reason="x", parent_run_id="p",
    triggered_by="x", queue="x", fire_time=NOW, queued_at=NOW, started_at=NOW, ended_at=NOW,
    duration_seconds=1.0, attempt=2, arguments={"x": ["x", {"x": "x"}]},
    result=[{"x": "x"}, {"x": {"x": "x"}}], error=ErrorView("x", "x", "x", "x"), worker="x",
    progress=ProgressView(1, 2, "x"),
)  # fmt: skip
SCHEDULE = ScheduleView("s", "x", "America/New_York", "x", cron="x", next_run_at=NOW)
PARAMETERS = {
    "type": "object",
    "properties": {
        "a": {"type": "integer", "description": "x", "default": "x"},
        "b": {"enum": ["x"], "default": "x"},
        "c": {"description": "x"},
    },
}
TASK = TaskView(
    id="t", name="x", description="x", queue="x", schedule=SCHEDULE,
    schedules=(SCHEDULE, SCHEDULE), state="active", pause=PauseView("x", NOW, "x", NOW),
    next_run_at=NOW, last_run=RUN, overlap="x", misfire="x", grace_seconds=5, timeout_seconds=5,
    retry={"x": "x"}, parameters=PARAMETERS, override={"x": "x"}, recent=(RUN, RUN),
)  # fmt: skip
OVERVIEW = Overview(
    status="x", scheduler={"x": "x"}, workers={"x": "x"}, queues=(QueueView("x", 1, 1.0, 1),),
    tasks={"x": 1}, runs_24h={"x": 1}, problems=(Problem("x", "x", "x", "x", "x"),),
    pause=PauseView("x", NOW, "x"),
)  # fmt: skip
CONTENT = PanelContent(
    (Figure("x", "x", "x"),), PanelTable(("x",), (("x",),), 5), "x", "x", as_of=NOW
)
OVERRIDE = OverrideView("x", "x", "x", "x", NOW)
BACKFILL = BackfillView("x", "x", "x", NOW, NOW, NOW, 5, 1, {"failed": 1})
DETAIL = TaskDetail(
    (OVERRIDE, replace(OVERRIDE, archived_at=NOW)), (BACKFILL,), (("x", NOW),), frozenset("x"),
    {"x": 1}, FireTimes((FireTime(NOW, "x"),), "x"),
)  # fmt: skip
QUEUES = QueuesView(
    (QueueView("x", 1, 1.0, 0), QueueView("x", 1, 1.0, 1, pause=PauseView("x", NOW, "x", NOW))),
    (SetAside("x", "x", "x", "x"),), 5,
)  # fmt: skip
WORKER = WorkerView("x", "x", ("x",), "x", "x", "x", "x", NOW, NOW, "x", 1, 1, 1.0)
WORKERS = WorkersView((WORKER, replace(WORKER, current_run_id=None)), True, {"x": "x"})
FAILURES = Failures(
    (FailureGroup("x", "x", "x", "x", 2, NOW, NOW, "x", True, (1, 2)),), NOW, NOW, True
)
PREVIEW = Preview(SCHEDULE, (FireTime(NOW, "x"),), 1, 2, (NOW,), (NOW,), ("x",), 1, True)
RELATED = RelatedRuns(2, (RelatedRun("x", "x", "x", NOW),))
USER = UserView("x", "x", "database", ("x",), ("x",), False, NOW, "x", 1)
TOKEN = TokenView("x", "x", "database", ("x",), ("x",), NOW, "x", NOW)
SESSION = SessionView("x", "x", NOW, NOW, "x")
KIN = RunDetail("x", "x", RELATED, RELATED, RUN)
SCREENS = (
    "/", "/tasks", "/tasks/t", "/runs", "/runs/r", "/panels/x", "/audit", "/runs?task_id=PAYLOAD",
    "/queues", "/workers", "/failures", "/failures?task_id=PAYLOAD", "/health", "/go",
    "/users", "/sessions", "/audit?actor=PAYLOAD",
    "/tasks/greet/schedule", "/tasks/greet/schedule?cron=PAYLOAD",
    "/tasks/greet/schedule?new=1&name=PAYLOAD", "/runs?q=PAYLOAD",
)  # fmt: skip


def show(monkeypatch: pytest.MonkeyPatch, payload: str) -> None:
    """Let every read answer with `payload` wherever a text may come from outside."""
    run, task, overview = (hostile(view, payload) for view in (RUN, TASK, OVERVIEW))
    panel = replace(hostile(Panel("x", "x", "x", lambda: CONTENT), payload))
    audit = hostile(AuditRow(1, NOW, "x", "x", "x", "x", "x", "x", "x", {"x": "x"}, "x"), payload)
    log = LogPage((hostile(LogLine(NOW, "x", "x", "x"), payload),), 1, 1, True)
    lane = Lane(task, (run,), (NOW,))
    answers: dict[str, Callable[..., Any]] = {
        "overview": lambda *_, **__: overview,
        "today": lambda *_: Today(
            NOW, NOW.replace(year=2025), NOW.replace(year=2027), (lane,), overview
        ),
        "frame": lambda *_: FrameView("ok", 1, overview.pause),
        "task_list": lambda *_, **__: (TaskPage((task,), 1, 1, payload), FrameView("ok", 1)),
        "task_page": lambda *_: (task, hostile(DETAIL, payload)),
        "runs": lambda *_, **__: Page((run,), payload),
        "run_page": lambda *_: (run, hostile(KIN, payload), log),
        "run_log": lambda *_, **__: log,
        "queues": lambda *_: (hostile(QUEUES, payload), FrameView("ok", 1)),
        "workers": lambda *_: (hostile(WORKERS, payload), FrameView("ok", 1)),
        "failures": lambda *_, **__: hostile(FAILURES, payload),
        "health": lambda *_: (health(payload), FrameView("ok", 1)),
        "preview": lambda *_, **__: hostile(PREVIEW, payload),
        "audit": lambda *_, **__: Page((audit,), payload),
        "users_and_tokens": lambda *_: ((hostile(USER, payload),), (hostile(TOKEN, payload),)),
        "open_sessions_of": lambda *_: (hostile(SESSION, payload),),
        "panels": lambda *_: [panel, panel],
        "panel": lambda *_: (panel, hostile(CONTENT, payload)),
    }
    for name, answer in answers.items():
        monkeypatch.setattr(reads, name, answer)


def health(payload: str) -> HealthView:
    redis = {"redis_version": payload, "maxmemory_policy": payload, "round_trip_ms": 1.0,
             "keys": 1, "events_waiting": 1, "schedules": 1}  # fmt: skip
    database = {"kind": "SQLite", "version": payload, "round_trip_ms": 1.0, "acts_waiting": 1,
                "recorded_at": NOW, "oldest_run_at": None}  # fmt: skip
    return HealthView(
        (SchedulerView(payload, True, NOW),), redis, database, {payload: payload}, {payload: True}
    )


@pytest.fixture
def admin(console: Flask) -> Browser:
    return signed_in(console, ADA)


def test_sixty_ways_were_tried() -> None:
    assert len(PAYLOADS) + len(MORE) >= 60


@pytest.mark.parametrize(
    "path", ["/runs?q=", "/audit?actor=", "/audit?since=", "/failures?task_id="]
)
def test_what_was_searched_for_is_echoed_as_text(admin: Browser, path: str) -> None:
    address, name = path.rstrip("=").split("?")
    for payload in PAYLOADS[:-1] + MORE:
        query = _query(f"{address}?{name}=PAYLOAD", payload)
        answer = admin.client.get(address, query_string=query)
        assert answer.status_code in (200, 422)
        document = Document(answer.text)
        assert not [name for _, name, _ in document.attributes if name.startswith("on")]
        assert document.tags.count("script") == 1
        assert not {"img", "iframe", "object", "embed", "base", "style"} & set(document.tags)


def elements(text: str) -> dict[str, int]:
    tags = Document(text).tags
    return {tag: tags.count(tag) for tag in set(tags)}


@pytest.mark.parametrize("payload", PAYLOADS + ALL_WAYS, ids=range(len(PAYLOADS) + 2))
def test_hostile_text_stays_text_on_every_screen(
    admin: Browser, monkeypatch: pytest.MonkeyPatch, payload: str
) -> None:
    for screen in SCREENS:
        show(monkeypatch, "harmless")
        harmless = elements(admin.get(screen.replace("PAYLOAD", "harmless")).text)
        show(monkeypatch, payload)
        answer = admin.client.get(screen.split("?")[0], query_string=_query(screen, payload))
        assert answer.status_code == 200, screen
        assert elements(answer.text) == harmless, screen
        for tag, name, value in Document(answer.text).attributes:
            assert not name.startswith("on"), (screen, tag)
            assert name != "style", (screen, tag)
            if name in ("href", "src", "action"):
                assert value.startswith(("/", "#")), (screen, value[:80])
                assert not value.startswith("//"), (screen, value[:80])
        assert len(answer.data) < 8_000_000


def _query(screen: str, payload: str) -> dict[str, str]:
    short = payload.encode("utf-8", "replace").decode()[:200]
    return {
        name: value.replace("PAYLOAD", short) for name, value in parse_qsl(urlsplit(screen).query)
    }


def test_characters_that_mislead_are_shown_as_marks(
    operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(monkeypatch, "a\u202eb\x00c\x1bd\ud800e")
    text = operator.get("/runs/r").text
    assert r"a\u202eb\u0000c\u001bd" in text
    assert "\x00" not in text
    assert "\u202e" not in text


def test_links_in_results_lead_to_web_addresses_only(
    operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = {"good": "https://example.org/a?b=1&c=2", "bad": "javascript:alert(1)"}
    show(monkeypatch, "x")
    shown = replace(RUN, result=result), RunDetail(), None
    monkeypatch.setattr(reads, "run_page", lambda *_: shown)
    document = Document(operator.get("/runs/r").text)
    links = [value for _, name, value in document.attributes if name == "href"]
    assert "https://example.org/a?b=1&c=2" in links
    assert not [link for link in links if link.startswith("javascript")]


def test_no_page_has_inline_script_or_style(
    operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(monkeypatch, "x")
    for screen in SCREENS:
        text = operator.get(screen).text
        assert "<style" not in text
        assert text.count("<script") == text.count("<script src=") == 1
