"""Which tasks exist: found by the names of their modules, one dropped-in file is enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.catalogue import Catalogue, load
from app.errors import DefinitionError, SettingsError, Unknown

TASK = """
from app import every, task

@task(every("{period}"))
def {name}(limit: int = 5) -> int:
    return limit
"""


def write(folder: Path, module: str, name: str, period: str = "1h") -> None:
    path = folder / (module.replace(".", "/") + ".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TASK.format(name=name, period=period))


def test_one_file_dropped_in_is_enough(task_folder: Path) -> None:
    write(task_folder, "dropped_in.hello", "say_hello")
    (task_folder / "dropped_in/__init__.py").write_text("")
    catalogue = load(["dropped_in"], "UTC")
    assert list(catalogue.tasks) == ["say_hello"]
    assert catalogue.by_path("dropped_in.hello.say_hello") is catalogue.task("say_hello")


def test_a_package_without_init_works_as_well(task_folder: Path) -> None:
    write(task_folder, "no_init.hello", "say_hello")
    assert list(load(["no_init"], "UTC").tasks) == ["say_hello"]


def test_a_single_module_is_enough(task_folder: Path) -> None:
    write(task_folder, "single_module", "say_hello")
    assert list(load(["single_module"], "UTC").tasks) == ["say_hello"]


def test_tasks_of_modules_that_are_not_named_are_not_in_it(task_folder: Path) -> None:
    write(task_folder, "named_one", "first")
    write(task_folder, "named_one_too", "second")
    load(["named_one", "named_one_too"], "UTC")
    assert list(load(["named_one"], "UTC").tasks) == ["first"]


def test_a_module_that_does_not_exist_is_named_with_its_variable() -> None:
    with pytest.raises(SettingsError) as refused:
        load(["nowhere.at_all"], "UTC")
    assert str(refused.value).startswith("TASK_MODULES names nowhere.at_all")


def test_a_module_with_a_syntax_error_is_named(task_folder: Path) -> None:
    (task_folder / "broken_syntax.py").write_text("def (:\n")
    with pytest.raises(DefinitionError, match=r"broken_syntax cannot be imported: SyntaxError"):
        load(["broken_syntax"], "UTC")


def test_a_module_that_fails_is_named(task_folder: Path) -> None:
    (task_folder / "failing_module.py").write_text("1 / 0\n")
    with pytest.raises(DefinitionError, match=r"failing_module .*ZeroDivisionError"):
        load(["failing_module"], "UTC")


def test_a_module_that_misses_a_package_is_told_apart_from_a_missing_module(
    task_folder: Path,
) -> None:
    (task_folder / "missing_package.py").write_text("import surely_not_installed\n")
    with pytest.raises(DefinitionError, match="surely_not_installed"):
        load(["missing_package"], "UTC")


def test_a_wrong_declaration_names_module_and_task(task_folder: Path) -> None:
    write(task_folder, "wrong_period", "say_hello", period="soon")
    with pytest.raises(DefinitionError, match="wrong_period"):
        load(["wrong_period"], "UTC")


def test_a_schedule_id_that_two_tasks_would_bear_is_refused(task_folder: Path) -> None:
    (task_folder / "two_of_one_id.py").write_text(
        "from app import every, task\n"
        "@task(every('1h'), named={'b': every('1h')})\n"
        "def a(): ...\n"
        "def b(): ...\n"
        "b.__name__ = 'a-b'\n"
        "task(every('1h'))(b)\n"
    )
    with pytest.raises(DefinitionError, match=r"both have a schedule a-b"):
        load(["two_of_one_id"], "UTC")


def test_an_unknown_task_is_unknown(task_folder: Path) -> None:
    catalogue = Catalogue({}, "UTC")
    with pytest.raises(Unknown, match="nobody"):
        catalogue.task("nobody")
    assert catalogue.by_path("os.system") is None


def test_equal_catalogues_have_equal_hashes_and_changed_ones_do_not(task_folder: Path) -> None:
    write(task_folder, "hash_one", "say_hello")
    first = load(["hash_one"], "UTC")
    assert load(["hash_one"], "UTC").hash == first.hash
    assert load(["hash_one"], "Europe/Berlin").hash != first.hash
    first.task("say_hello").timeout_seconds = 5
    assert load(["hash_one"], "UTC").hash != Catalogue({}, "UTC").hash


def test_what_is_unset_takes_the_application_s_zone(task_folder: Path) -> None:
    (task_folder / "zoned.py").write_text(
        "from app import cron, task\n"
        "@task(cron('0 9 * * *'), cron('0 9 * * *', timezone='Asia/Tokyo'))\n"
        "def zoned_task(): ...\n"
    )
    catalogue = load(["zoned"], "Europe/Berlin")
    zones = [
        catalogue.definition(task, schedule)["schedule"]["timezone"]
        for task, schedule in catalogue.schedules()
    ]
    assert zones == ["Europe/Berlin", "Asia/Tokyo"]
