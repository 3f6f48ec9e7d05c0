"""The house rules that a machine can check: who may import whom, and how long a file may be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "jobs", "console")
LONGEST_FILE = 300

# The only modules that touch RQ and rq-scheduler.
RQ_EDGES = {"app/run_jobs.py", "app/scheduler.py", "app/worker.py"}

# The only modules that read the environment themselves.
ENVIRONMENT_READERS = {
    "app/settings.py",
    "app/embedded.py",  # runs before anything is installed
    "app/cli/opening.py",  # asks who ran sudo, which is no setting
    "app/leftovers.py",  # puts back what a run changed
}

# What may be longer than LONGEST_FILE, and why.
LONG_FILES: dict[str, str] = {}


@dataclass(frozen=True)
class Import:
    """One imported module, where it stands, and whether a function hides it."""

    path: str
    line: int
    module: str
    hidden: bool

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.module}"


@cache
def sources() -> list[tuple[str, str]]:
    """Return (path from the root, text) of every Python file of the product."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [(p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8")) for p in paths]


@cache
def imports() -> list[Import]:
    """Return every import of the product."""
    return [found for path, text in sources() for found in imports_of(path, text)]


def imports_of(path: str, text: str) -> Iterator[Import]:
    """Yield the imports of one file, those inside functions too."""
    tree = ast.parse(text, path)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    hidden = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, functions)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [absolute(path, node)]
        else:
            continue
        for name in names:
            yield Import(path, node.lineno, name, id(node) in hidden)


def absolute(path: str, node: ast.ImportFrom) -> str:
    """Return the full name of the module of a `from … import`."""
    if not node.level:
        return node.module or ""
    package = path.split("/")[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def offenders(within: str, *packages: str) -> list[str]:
    """Return the imports of `packages` inside one of our packages."""
    return [
        str(found)
        for found in imports()
        if found.path.startswith(f"{within}/") and found.package in packages
    ]


def test_the_product_has_imports_to_check() -> None:
    assert {found.path.partition("/")[0] for found in imports()} == set(PACKAGES)


def test_relative_imports_are_understood() -> None:
    found = [
        i.module for i in imports_of("app/cli/x.py", "from ..worker import a\nfrom . import b")
    ]
    assert found == ["app.worker", "app.cli"]


def test_app_knows_neither_jobs_nor_console() -> None:
    assert offenders("app", "jobs", "console") == []


def test_jobs_do_not_know_the_console() -> None:
    assert offenders("jobs", "console") == []


def test_the_console_does_not_know_the_jobs() -> None:
    assert offenders("console", "jobs") == []


def test_jobs_take_from_app_only_what_it_offers_to_task_authors() -> None:
    inner = [
        str(i) for i in imports() if i.path.startswith("jobs/") and i.module.startswith("app.")
    ]
    assert inner == []


def test_flask_appears_only_in_the_console() -> None:
    assert offenders("app", "flask", "werkzeug") == []
    assert offenders("jobs", "flask") == []


def test_the_console_touches_neither_redis_nor_rq_nor_sql() -> None:
    assert offenders("console", "redis", "rq", "rq_scheduler", "sqlalchemy", "psycopg") == []


def test_rq_appears_only_at_the_edges_of_app() -> None:
    users = {found.path for found in imports() if found.package in ("rq", "rq_scheduler")}
    assert users == RQ_EDGES


def test_no_import_hides_in_a_function() -> None:
    assert [str(found) for found in imports() if found.hidden] == []


def test_an_import_in_a_function_is_found() -> None:
    [found] = imports_of("app/x.py", "def f():\n    import json\n")
    assert found.hidden


def test_only_the_settings_read_the_environment() -> None:
    readers = {path for path, text in sources() if "os.environ" in text or "os.getenv" in text}
    assert readers == ENVIRONMENT_READERS


def test_no_file_grows_too_long() -> None:
    long = {path for path, text in sources() if len(text.splitlines()) > LONGEST_FILE}
    assert long == set(LONG_FILES)


def test_the_engines_migrations_follow_each_other_in_one_line() -> None:
    paths = sorted((ROOT / "app" / "migrations" / "versions").glob("engine_*.py"))
    before = None
    for path in paths:
        named = dict(re.findall(r'^(\w*revision) = "?(\w+)"?$', path.read_text(), re.MULTILINE))
        assert named["down_revision"] == str(before), path.name
        assert named["revision"] == "_".join(path.stem.split("_")[:2]), path.name
        before = named["revision"]
