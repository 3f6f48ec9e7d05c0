"""What the documents say is true."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from app.catalogue import load
from app.settings import SERVICE_SETTINGS, Settings

ROOT = Path(__file__).parent.parent
# Computed from others, or handed over by `./dev up` alone.
UNTOLD = {"SIGN_IN_KEY", "PRODUCTION", "SERVICES"}


def test_every_setting_is_told() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    names = {field.name.upper() for field in fields(Settings)} | set(SERVICE_SETTINGS)
    assert {name for name in names - UNTOLD if f"`{name}`" not in text} == set()


def test_every_linked_file_is_there() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readmes_task_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "readme_task.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    task = load(["readme_task"], "UTC").task("remind_of_stale_offers")
    assert task(days=5) == {"reminded": 5}
    assert task.schedules[0].schedule.describe().startswith("Weekdays at 09:30")


def test_every_test_that_a_document_names_exists() -> None:
    named = 0
    for page in (ROOT / "docs").glob("*.md"):
        links = re.findall(r"\[`(test_\w+)`\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
        for name, target in links:
            text = (page.parent / target).read_text(encoding="utf-8")
            assert f"def {name}(" in text, f"{page.name} names {name} of {target}"
            named += 1
    assert named > 40


def test_the_table_of_features_counts_what_it_says() -> None:
    text = (
        (ROOT / "docs" / "console.md").read_text(encoding="utf-8").partition("## What it can do")[2]
    )
    rows = re.findall(r"^\| [^|]+ \| (full|part|no|left out) \|", text, re.MULTILINE)
    assert len(rows) == 79
    assert f"Here {rows.count('full')} are full" in text
