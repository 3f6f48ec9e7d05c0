"""Pictures of every screen, from the demo organisation with a made-up week behind it.

`./dev screenshots` runs this; the pictures go to docs/screens/.
"""

from __future__ import annotations

import base64
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, StorageState, sync_playwright
from sqlalchemy import Engine, insert, select

from app.records.database import open_database, writing
from app.records.schema import attempts, runs
from tests.console_screens import SCREENS, paths
from tests.past_acts import write_bulk_acts, write_people
from tests.past_week import HABITS, write_past_week

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "screens"
QUALITY = 50
TALLEST = 2600
DEVICES = {"desktop": (1280, 800), "phone": (360, 740)}
SCHEMES = ("light", "dark")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
RUNNING = "daily_resume_enrichment--now"
PICTURED = [screen for screen in SCREENS if screen.pictured]


def main() -> int:
    """Take every picture; return 0."""
    OUT.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="rota-screens-") as folder, _system(Path(folder)) as sign_in:
        known = _fill(Path(folder))
        with sync_playwright() as playwright:
            path = os.environ.get("ROTA_CHROMIUM")
            browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
            base, signed_in = _sign_in(browser, sign_in)
            for scheme in SCHEMES:
                for device in DEVICES:
                    _take_all(browser, base, signed_in, known, scheme, device)
            browser.close()
    size = sum(path.stat().st_size for path in OUT.glob("*.webp"))
    print(f"{len(list(OUT.glob('*.webp')))} pictures, {size / 1e6:.1f} MB in {OUT}")
    return 0


@contextmanager
def _system(folder: Path) -> Iterator[str]:
    """Run `./dev up` with data of its own; yield the address that signs in."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "dev"), "up", "--port", str(port)],
        env={**os.environ, "DATA_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _address(process)
    finally:
        process.terminate()
        process.wait(20)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"http://\S+/sign-in\?key=\S+", line)
        if found:
            return found.group()
    raise RuntimeError("./dev up ended before it was up")


def _fill(folder: Path) -> dict[str, str]:
    """Write what the screens show; return what they are about."""
    database, now = open_database(f"sqlite:///{folder}/rota.sqlite3"), datetime.now(UTC)
    write_past_week(database, list(HABITS), now)
    started = now - timedelta(minutes=4)
    row = {
        "run_id": RUNNING, "task_id": "daily_resume_enrichment", "trigger": "manual",
        "triggered_by": "dev", "status": "running", "queue": "default", "at": started,
        "queued_at": started, "started_at": started, "attempt": 1, "revision": 3,
        "worker": "worker-1", "parent_run_id": _newest(database, task_id="daily_resume_enrichment"),
    }  # fmt: skip
    attempt = {"run_id": RUNNING, "attempt": 1, "started_at": started, "worker": "worker-1"}
    failed = _newest(database, status="failed")
    with writing(database) as connection:
        connection.execute(insert(runs).values(row))
        connection.execute(insert(attempts).values(attempt))
        write_people(connection, now)
        write_bulk_acts(connection, [failed], now)
    database.dispose()
    return {"running": RUNNING, "failed": failed, "bulk": "made-up-1"}


def _newest(database: Engine, **wanted: str) -> str:
    newest = select(runs.c.run_id).filter_by(**wanted).order_by(runs.c.at.desc()).limit(1)
    with database.connect() as connection:
        return str(connection.execute(newest).scalar_one())


def _sign_in(browser: Browser, link: str) -> tuple[str, StorageState]:
    """Use the link, which works once; return the console's address and the cookies."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    page.wait_for_selector("header .who")
    signed_in = context.storage_state()
    context.close()
    return link.partition("/sign-in")[0], signed_in


def _take_all(
    browser: Browser,
    base: str,
    signed_in: StorageState,
    known: dict[str, str],
    scheme: str,
    device: str,
) -> None:
    width, height = DEVICES[device]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        storage_state=signed_in,
    )
    page = context.new_page()
    for name, path in paths(PICTURED, **known).items():
        page.goto(base + path)
        page.wait_for_load_state()
        page.wait_for_selector("header .who")
        page.wait_for_timeout(300)
        overflow = page.evaluate("document.documentElement.scrollWidth")
        if overflow > width:
            print(f"{name} is {overflow} px wide on a {device} of {width} px")
        (OUT / f"{name}-{device}-{scheme}.webp").write_bytes(_picture(page, width))
    context.close()


def _picture(page: Page, width: int) -> bytes:
    """Return the whole page as WebP, cut where it is very long."""
    height = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
    client = page.context.new_cdp_session(page)
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    wanted = {"format": "webp", "quality": QUALITY, "captureBeyondViewport": True, "clip": clip}
    return base64.b64decode(client.send("Page.captureScreenshot", wanted)["data"])


if __name__ == "__main__":
    raise SystemExit(main())
