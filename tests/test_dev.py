"""The developer's front door."""

from __future__ import annotations

import ast
import fcntl
import json
import os
import pty
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from app.sign_in_links import link_fits
from tests.dev_project import ROOT, DevProject, load_dev
from tests.processes import Process, kill, start_process, wait_until


@pytest.fixture
def project(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[DevProject]:
    """A stand-in project; whatever it started is gone when the test has passed."""
    project = DevProject(server_folder / f"dev-{abs(hash(request.node.nodeid))}")
    yield project
    for pid in project.alive():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def dev(project: DevProject) -> ModuleType:
    """The functions of the stand-in project's `dev`."""
    return load_dev(project.folder / "dev")


# Help and mistakes


@pytest.mark.parametrize("arguments", [[], ["--help"], ["help"]])
def test_help_lists_every_command(project: DevProject, arguments: list[str]) -> None:
    answer = project.run(*arguments)
    assert answer.returncode == 0
    for command in ("up", "test", "check", "fix", "app", "rq"):
        assert f"./dev {command}" in answer.stdout


def test_an_unknown_command_is_refused_with_the_help(project: DevProject) -> None:
    answer = project.run("upp")
    assert answer.returncode == 2
    assert "no command 'upp'" in answer.stderr
    assert "./dev up" in answer.stderr


def test_a_wrong_port_is_refused(project: DevProject) -> None:
    answer = project.run("up", "--port", "70000")
    assert answer.returncode == 2
    assert "'70000' is not a port: use 1 to 65535" in answer.stderr


def test_an_old_python_can_still_read_the_file() -> None:
    ast.parse((ROOT / "dev").read_text(), feature_version=(3, 8))


def test_an_old_python_is_told_what_is_needed(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit):
        dev.require_python()
    assert "Rota needs Python 3.11 or newer" in capsys.readouterr().err


def test_a_taken_port_is_named_with_the_way_out(project: DevProject) -> None:
    with socket.create_server(("127.0.0.1", project.port)):
        answer = project.run("up")
    assert answer.returncode == 1
    assert f"Port {project.port} on 127.0.0.1 cannot be used" in answer.stderr
    assert f"./dev up --port {project.port + 1}" in answer.stderr


def test_a_data_folder_that_cannot_be_written_is_named(project: DevProject) -> None:
    project.data.write_text("a file where the folder should be")
    answer = project.run("up")
    assert answer.returncode == 1
    assert f"The data folder {project.data} cannot be written to" in answer.stderr


def test_a_second_up_on_the_same_data_is_refused(project: DevProject) -> None:
    first = project.running()
    answer = project.run("up", "--port", str(project.port + 1))
    assert answer.returncode == 1
    assert f"process {first.pid}, http://127.0.0.1:{project.port}" in answer.stderr
    assert first.alive


# Running


def test_up_says_how_to_get_in_and_the_secrets_stay_private(project: DevProject) -> None:
    process = project.running()
    url = rf"http://127\.0\.0\.1:{project.port}"
    [key] = re.findall(rf"Open  {url}/sign-in\?key=(\S+)\n", process.output)
    secret = json.loads((project.data / "env.json").read_text())["SIGN_IN_KEY"]
    assert link_fits(secret, key, time.time())
    assert secret not in process.output
    assert (
        f"worker talks to unix://{project.data}/redis/redis.sock and a stand-in" in process.output
    )
    for name in ("api-token", "secret-key", "env.json"):
        assert (project.data / name).stat().st_mode & 0o777 == 0o600
    assert project.data.stat().st_mode & 0o777 == 0o700


def test_secrets_stay_the_same_and_the_sign_in_key_does_not(project: DevProject) -> None:
    seen = []
    for _ in range(2):
        process = project.running()
        seen.append(json.loads((project.data / "env.json").read_text()))
        kill(process, signal.SIGINT)
        assert process.wait() == 0
    assert seen[0]["SECRET_KEY"] == seen[1]["SECRET_KEY"]
    assert seen[0]["API_TOKENS"] == seen[1]["API_TOKENS"]
    assert seen[0]["SIGN_IN_KEY"] != seen[1]["SIGN_IN_KEY"]


def test_a_fresh_link_signs_in_to_the_running_system(project: DevProject) -> None:
    project.running()
    first, second = (project.run("link").stdout.strip() for _ in range(2))
    assert first != second
    secret = json.loads((project.data / "env.json").read_text())["SIGN_IN_KEY"]
    for printed in (first, second):
        address, _, key = printed.partition("?key=")
        assert address == f"http://127.0.0.1:{project.port}/sign-in"
        assert link_fits(secret, key, time.time())


def test_without_a_running_system_there_is_no_link(project: DevProject) -> None:
    answer = project.run("link")
    assert answer.returncode == 75
    assert "./dev up" in answer.stderr


def test_commands_find_the_running_system(project: DevProject) -> None:
    process = project.running()
    redis_url = f"unix://{project.data}/redis/redis.sock"
    assert project.run("app", "print", "REDIS_URL").stdout.strip() == redis_url
    assert project.run("app", "print", "OUTSIDE").stdout.strip() == "a stand-in"
    assert project.run("rq", "info").stdout.strip() == f"rq {redis_url}: info -S json"
    chosen = project.run("rq", "requeue", "--serializer", "pickle", "a").stdout
    assert chosen.strip() == f"rq {redis_url}: requeue --serializer pickle a"
    kill(process, signal.SIGINT)
    assert process.wait() == 0
    assert not (project.data / "env.json").exists()


def test_commands_take_the_settings_that_the_running_system_was_given(
    project: DevProject,
) -> None:
    project.up(SECRET_KEY="given to the system", TIMEZONE="Europe/Berlin")
    wait_until(lambda: (project.data / "env.json").exists(), 10, "the settings")
    answer = project.run("app", "print", "SECRET_KEY", SECRET_KEY="", SECRET_KEY_FILE="/other")
    assert answer.stdout.strip() == "given to the system"
    assert project.run("app", "print", "TIMEZONE").stdout.strip() == "Europe/Berlin"
    assert not (project.data / "secret-key").exists()


def test_ctrl_c_at_a_terminal_stops_everything(project: DevProject) -> None:
    master, slave = pty.openpty()
    # The first terminal that a session's leader opens is the one whose Ctrl-C it gets.
    program = (
        "import os, sys; terminal = os.open(sys.argv[1], os.O_RDWR)\n"
        "for number in range(3): os.dup2(terminal, number)\n"
        "os.execv(sys.executable, [sys.executable, 'dev', 'up'])"
    )
    command = [sys.executable, "-c", program, os.ttyname(slave)]
    process = start_process(command, project.environment, project.folder)
    seen = b""
    while b"Stop  Ctrl-C" not in seen:
        seen += os.read(master, 4096)
    os.write(master, b"\x03")
    while b"Stopped." not in seen:
        seen += os.read(master, 4096)
    assert process.wait() == 0
    os.close(master)
    os.close(slave)
    assert project.alive() == {}


def test_rq_without_a_running_system_says_so(project: DevProject) -> None:
    answer = project.run("rq", "info")
    assert answer.returncode == 75
    assert "Start it with ./dev up" in answer.stderr
    assert project.run("rq", "--version").stdout.strip() == "rq : --version"


def test_settings_of_a_killed_system_are_not_taken_for_a_running_one(project: DevProject) -> None:
    project.data.mkdir()
    (project.data / ".lock").touch()
    (project.data / "env.json").write_text('{"REDIS_URL": "unix:///gone"}')
    assert project.run("rq", "info").returncode == 75


def test_a_crashed_process_is_started_again_after_growing_pauses(project: DevProject) -> None:
    process = project.running()
    for pause in ("0.5", "1"):
        os.kill(project.pid_of("app worker"), signal.SIGKILL)
        said = f"worker ended with SIGKILL; next start in {pause} s."
        wait_until(partial(contains, process, said), 5, said)
        wait_until(lambda: "app worker" in str(project.alive()), 5, "a new worker")


def test_a_failed_release_is_shown_and_stops_everything(project: DevProject) -> None:
    (project.folder / "release-fails").touch()
    process = project.up()
    assert process.wait() == 1
    assert "`python -m app release` ended with exit code 1" in process.output
    assert "the database is from the future" in process.output
    assert project.alive() == {}


def test_a_server_that_cannot_start_is_said(project: DevProject) -> None:
    (project.data / "redis").mkdir(parents=True)
    (project.data / "redis" / "appendonlydir").write_text("a file in place of the folder")
    process = project.up()
    assert process.wait(20) == 1
    assert "The Redis-compatible server does not start; data/redis/redis.log" in process.output
    assert project.alive() == {}


# Stopping


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_leaves_nothing_behind(project: DevProject, number: signal.Signals) -> None:
    process = project.running()
    assert any("time.sleep(600)" in command for command in project.alive().values())
    kill(process, number)
    assert process.wait() == 0
    assert project.alive() == {}


def test_redis_stops_last(project: DevProject) -> None:
    (project.folder / "worker-is-stubborn").touch()
    process = project.running()
    kill(process, signal.SIGINT)
    wait_until(lambda: "app scheduler" not in str(project.alive()), 5, "the scheduler's end")
    assert "valkey-server" in str(project.alive())
    kill(process, signal.SIGINT)
    assert process.wait() == 0


def test_a_process_that_ignores_the_stop_is_killed_within_ten_seconds(project: DevProject) -> None:
    (project.folder / "worker-is-stubborn").touch()
    process = project.running()
    began = time.monotonic()
    kill(process, signal.SIGTERM)
    assert process.wait(12) == 0
    assert time.monotonic() - began < 10
    assert "worker did not stop in time and is killed" in process.output
    assert project.alive() == {}


def test_a_second_interrupt_kills_at_once(project: DevProject) -> None:
    (project.folder / "worker-is-stubborn").touch()
    process = project.running()
    kill(process, signal.SIGINT)
    wait_until(lambda: "Stopping" in process.output, 5, "the first interrupt to be seen")
    began = time.monotonic()
    kill(process, signal.SIGINT)
    assert process.wait() == 0
    assert time.monotonic() - began < 2
    assert project.alive() == {}


def test_a_stop_during_the_start_works(project: DevProject) -> None:
    process = project.up()
    wait_until(lambda: "valkey-server" in str(project.alive()), 10, "Redis")
    kill(process, signal.SIGINT)
    assert process.wait() == 0
    assert project.alive() == {}


def test_a_killed_dev_leaves_nothing_behind(project: DevProject) -> None:
    process = project.running()
    kill(process, signal.SIGKILL)
    wait_until(lambda: project.alive() == {}, 10, "the end of all processes")


def test_a_killed_supervisor_leaves_nothing_behind(project: DevProject) -> None:
    process = project.running()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    assert process.wait() == 1
    assert "the supervisor was ended by SIGKILL" in process.output
    assert project.alive() == {}


# The environment


def test_nothing_is_installed_when_the_requirements_are_met(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "run_quietly", refuse)
    dev.ensure_environment()
    dev.REQUIREMENTS[0].write_text("# a remark\none==1   # why\n")
    dev.ensure_environment()


def test_a_changed_pin_is_installed_into_the_environment_that_is_there(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = record_commands(dev, monkeypatch)
    dev.REQUIREMENTS[0].write_text("one==1.1\n")
    dev.ensure_environment()
    assert [command[1:4] for command in commands] == [["-m", "pip", "--python"]]
    dev.ensure_environment()
    assert len(commands) == 1


def test_an_interrupted_installation_starts_over(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.REQUIREMENTS[0].write_text("one==1.1\n")
    monkeypatch.setattr(dev, "run_quietly", refuse)
    with pytest.raises(AssertionError):
        dev.ensure_environment()
    commands = record_commands(dev, monkeypatch)
    dev.ensure_environment()
    assert [command[2] for command in commands] == ["venv", "pip"]
    assert "--clear" in commands[0]


def test_an_environment_of_another_python_or_place_starts_over(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = record_commands(dev, monkeypatch)
    dev.STAMP.write_text("3.10 /elsewhere\n" + dev.wanted_stamp().splitlines()[1] + "\n")
    dev.ensure_environment()
    assert "--clear" in commands[0]


def test_a_failed_installation_shows_what_pip_said(
    dev: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        dev.run_quietly([sys.executable, "-c", "import sys; sys.exit('no such package')"])
    assert "no such package" in capsys.readouterr().err


def test_two_at_once_install_only_once(project: DevProject, dev: ModuleType) -> None:
    stamp = dev.STAMP.read_text()
    dev.STAMP.unlink()
    with (project.folder / "dev").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [sys.executable, str(project.folder / "dev"), "rq", "--version"]
        second = start_process(command, project.environment, project.folder)
        wait_until(lambda: "Waiting for another ./dev" in second.output, 5, "the second to wait")
        dev.STAMP.write_text(stamp)
    assert second.wait() == 0
    assert "Preparing" not in second.output


def test_a_python_without_pip_is_told_what_to_install(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev.importlib.util, "find_spec", {"venv": True}.get)
    with pytest.raises(SystemExit):
        dev.make_venv()
    assert "apt install python3-venv python3-pip" in capsys.readouterr().err


def contains(process: Process, text: str) -> bool:
    return text in process.output


def refuse(command: list[str]) -> None:
    raise AssertionError(f"unexpected: {command}")


def record_commands(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Let `dev` install nothing; return the list to which it adds the commands."""
    commands: list[list[str]] = []
    monkeypatch.setattr(dev, "run_quietly", commands.append)
    return commands
