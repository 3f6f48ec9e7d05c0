"""The console in a real browser, on the real processes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import (  # type: ignore[import-untyped]  # ships no types
    Axe,
)
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.console_screens import DOOR, TASK, paths
from tests.running import RunningSystem

pytestmark = pytest.mark.timeout(240)

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
PHONE = 360


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser named by ROTA_CHROMIUM, else the one on the PATH, else Playwright's own."""
    path = os.environ.get("ROTA_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, running_system: RunningSystem) -> Iterator[Page]:
    """A signed-in page; whatever the browser complains about fails the test."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error"
            and "status of 404" not in message.text else None)  # fmt: skip
    page.goto(running_system.sign_in_url)
    yield page
    assert complaints == []


def test_a_person_signs_in_runs_a_task_and_watches_it_succeed(
    context: BrowserContext, running_system: RunningSystem
) -> None:
    page = context.new_page()
    page.goto(f"{running_system.url}/tasks")
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password").fill("correct-horse")
    page.get_by_role("button", name="Sign in").click()
    row = page.locator(f"#task-{TASK}")
    row.get_by_role("button", name="Run").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("succeeded", timeout=60_000)
    expect(page.get_by_role("heading", name="Result")).to_be_visible()
    assert page.url.startswith(f"{running_system.url}/runs/{TASK}--")
    assert page.title().startswith("succeeded")


def test_a_change_is_seen_within_a_second(page: Page, running_system: RunningSystem) -> None:
    page.goto(f"{running_system.url}/tasks")
    row = page.locator(f"#task-{TASK}")
    expect(row).to_contain_text("active")
    running_system.api("POST", f"/tasks/{TASK}/pause", {"reason": "seen at once"})
    expect(row).to_contain_text("seen at once", timeout=1_000)
    running_system.api("POST", f"/tasks/{TASK}/resume")
    expect(row).to_contain_text("active", timeout=1_000)


def test_what_a_person_is_typing_survives_changes(
    page: Page, running_system: RunningSystem
) -> None:
    page.goto(f"{running_system.url}/tasks")
    row = page.locator(f"#task-{TASK}")
    row.locator(".pop summary").click()
    reason = row.get_by_label("Why pause")
    reason.fill("half a sent")
    running_system.api("POST", "/pause", {"reason": "meanwhile"})
    expect(page.locator("#banner")).to_contain_text("meanwhile")
    expect(row).to_contain_text("paused")
    running_system.api("POST", "/resume")
    expect(page.locator("#banner")).not_to_contain_text("meanwhile")
    expect(reason).to_have_value("half a sent")
    expect(reason).to_be_focused()


def test_everything_is_paused_where_nobody_can_miss_it(
    page: Page, running_system: RunningSystem
) -> None:
    page.goto(running_system.url)
    page.get_by_text("Pause everything…").click()
    page.get_by_label("Reason").fill("moving house")
    page.get_by_role("button", name="Pause everything").click()
    banner = page.locator("#banner")
    expect(banner).to_contain_text("moving house")
    page.goto(f"{running_system.url}/runs")
    expect(banner).to_contain_text("Everything is paused")
    banner.get_by_role("button", name="Resume everything").click()
    expect(banner).to_be_empty()


def test_no_screen_scrolls_sideways_on_a_phone(
    browser: Browser, running_system: RunningSystem
) -> None:
    context = browser.new_context(viewport={"width": PHONE, "height": 740})
    page = context.new_page()
    page.goto(running_system.sign_in_url)
    for screen, path in paths(**about(running_system)).items():
        page.goto(running_system.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, screen
    context.close()


def test_no_screen_keeps_anybody_out(browser: Browser, running_system: RunningSystem) -> None:
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    page.goto(running_system.sign_in_url)
    found = {}
    for screen, path in paths(**about(running_system)).items():
        page.goto(running_system.url + path)
        found[screen] = violations(page)
    page.goto(running_system.url)
    page.keyboard.press("Control+k")
    page.wait_for_selector("dialog[open] li")
    found["the palette"] = violations(page)
    context.clear_cookies()
    page.goto(running_system.url + DOOR.path)
    found["the door"] = violations(page)
    assert {screen: told for screen, told in found.items() if told} == {}
    context.close()


def about(running_system: RunningSystem) -> dict[str, str]:
    """Return what the screens are about: a run that waits, and an act on many."""
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    run_id = running_system.api("POST", f"/tasks/{TASK}/trigger", {"at": at}).json()["run_id"]
    act = {"act": "cancel", "filter": "status:scheduled"}
    bulk = running_system.api("POST", "/runs/bulk", act).json()["bulk_id"]
    return {"running": run_id, "failed": run_id, "bulk": bulk}


def violations(page: Page) -> list[str]:
    """Return what axe finds in light, and of colours in dark: the rule, and where."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    page.emulate_media(color_scheme="dark")
    found += page.evaluate("axe.run({runOnly: ['color-contrast'], resultTypes: ['violations']})")[
        "violations"
    ]
    page.emulate_media(color_scheme="light")
    return [f"{rule['id']}: {[node['target'] for node in rule['nodes']]}" for rule in found]


def test_the_palette_finds_and_acts(page: Page, running_system: RunningSystem) -> None:
    page.goto(running_system.url)
    page.keyboard.press("Control+k")
    page.wait_for_selector("dialog[open] li")
    page.keyboard.type("pause sync")
    page.keyboard.press("Enter")
    page.keyboard.type("from the palette")
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_contain_text(f"{TASK} is paused")
    running_system.api("POST", f"/tasks/{TASK}/resume")
    page.keyboard.press("Control+k")
    page.wait_for_selector("dialog[open] li")
    page.keyboard.type("open failures")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/failures")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/runs")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()


def test_a_schedule_is_previewed_as_one_types(page: Page, running_system: RunningSystem) -> None:
    page.goto(f"{running_system.url}/tasks/{TASK}/schedule")
    preview = page.locator("#preview")
    page.get_by_label("at times").check()
    page.locator("#cron").fill("15 3 * * *")
    expect(preview).to_contain_text("at 03:15", timeout=2_000)
    expect(preview).to_contain_text("7 runs instead of")
    page.locator("#cron").fill("15 3 * *")
    expect(preview).to_contain_text("five fields", timeout=2_000)
    page.locator("#cron").fill("15 4 * * *")
    expect(preview).to_contain_text("at 04:15", timeout=2_000)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".drift")).to_contain_text("The code says")
    page.get_by_role("button", name="Let the code hold again").click()
    expect(page.locator(".drift")).to_have_count(0)


def test_everything_works_without_scripts(browser: Browser, running_system: RunningSystem) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(running_system.sign_in_url)
    page.goto(f"{running_system.url}/tasks/{TASK}")
    page.locator("#pause summary").click()
    page.locator("#pause-reason").fill("by hand")
    page.locator("#pause button").click()
    assert "by hand" in page.locator(".held").inner_text()
    page.locator(".held button").click()
    assert page.locator(".held").count() == 0
    page.get_by_role("button", name="Run now").click()
    assert f"/runs/{TASK}--" in page.url
    context.close()


def test_the_keyboard_reaches_the_content_and_the_acts(
    page: Page, running_system: RunningSystem
) -> None:
    page.goto(f"{running_system.url}/tasks/{TASK}")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(":focus").get_attribute("class") == "go":
            break
    expect(page.locator(":focus")).to_have_text("Run now")


def test_light_and_dark_follow_the_choice(page: Page, running_system: RunningSystem) -> None:
    grounds = set()
    for theme in ("dark", "light"):
        page.goto(running_system.url)
        page.locator(".me summary").click()
        page.get_by_role("button", name=theme).click()
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        grounds.add(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    assert len(grounds) == 2
