"""Every setting is validated at start; a mistake is named with its value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import SettingsError
from app.settings import SERVICE_SETTINGS, Settings, read, shown

PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://u:p@h/d",
    "SECRET_KEY": "k" * 32,
}


def mistakes(**environment: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        read(environment)
    return str(refused.value).splitlines()


def test_nothing_set_gives_the_defaults() -> None:
    settings = read({})
    assert settings.redis_url == "redis://127.0.0.1:6379/0"
    assert settings.database_url == "sqlite:///data/rota.sqlite3"
    assert settings.queues == ("high", "default", "low")
    assert settings.task_modules == ("jobs",)
    assert (settings.host, settings.port, settings.timezone) == ("127.0.0.1", 8000, "UTC")
    assert not settings.production


def test_what_is_set_holds() -> None:
    settings = read(
        {
            "REDIS_URL": "rediss://:pw@cache:6380/1",
            "DATABASE_URL": "postgres://u:p@db/rota",
            "PORT": " 9000 ",
            "TIMEZONE": "Europe/Berlin",
            "QUEUES": "urgent, later,urgent",
            "TASK_MODULES": "jobs,extra.tasks",
            "DATA_DIR": "/var/rota",
            "GITHUB_TOKEN": "t",
        }
    )
    assert settings.redis_url == "rediss://:pw@cache:6380/1"
    assert settings.database_url == "postgresql+psycopg://u:p@db/rota"
    assert (settings.port, settings.timezone) == (9000, "Europe/Berlin")
    assert settings.queues == ("urgent", "later")
    assert settings.task_modules == ("jobs", "extra.tasks")
    assert settings.log_dir == Path("/var/rota/logs")
    assert settings.service("GITHUB_TOKEN") == "t"


WRONG = [
    ("PORT", "80000", "from 1 to 65535"),
    ("PORT", "http", "from 1 to 65535"),
    ("PORT", "8000.0", "from 1 to 65535"),
    ("RUN_RETENTION_DAYS", "0", "from 1 to 36500"),
    ("TRUSTED_PROXIES", "-1", "from 0 to 10"),
    ("TIMEZONE", "Berlin", "Europe/Berlin"),
    ("TIMEZONE", "../../etc/passwd", "IANA time zone"),
    ("REDIS_URL", "http://cache", "redis://…, rediss://…"),
    ("REDIS_URL", "localhost:6379", "redis://…, rediss://…"),
    ("DATABASE_URL", "mysql://db/rota", "sqlite://…, postgres://…, postgresql://…"),
    ("QUEUES", "high,de fault", "names are separated by commas"),
    ("QUEUES", "x" * 65, "{1,64}"),
    ("TASK_MODULES", "jobs;extra", "names are separated by commas"),
]


@pytest.mark.parametrize(("name", "value", "allowed"), WRONG)
def test_a_mistake_names_variable_value_and_what_is_allowed(
    name: str, value: str, allowed: str
) -> None:
    (mistake,) = mistakes(**{name: value})
    assert mistake.startswith(name)
    assert value.split(",")[-1].split(";")[0] in mistake
    assert allowed in mistake


def test_all_mistakes_are_told_at_once() -> None:
    told = mistakes(PORT="x", TIMEZONE="Berlin", REDIS_URL="nowhere", QUEUES="a b")
    assert sorted(line.split("=")[0].split(" ")[0] for line in told) == [
        "PORT", "QUEUES", "REDIS_URL", "TIMEZONE",
    ]  # fmt: skip


def test_a_mistake_in_a_url_does_not_show_its_password() -> None:
    (mistake,) = mistakes(REDIS_URL="http://user:hunter22@cache")
    assert "hunter22" not in mistake
    assert "http://user:***@cache" in mistake


# --- secrets in files ----------------------------------------------------------------------------


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("a secret\n")
    assert read({"SECRET_KEY_FILE": str(file)}).secret_key == "a secret"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (mistake,) = mistakes(SECRET_KEY_FILE=str(tmp_path / "missing"))
    assert mistake.startswith(f"SECRET_KEY_FILE={tmp_path}/missing cannot be read")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (mistake,) = mistakes(SECRET_KEY_FILE=str(tmp_path / "bytes"))
    assert "cannot be read" in mistake


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (mistake,) = mistakes(SECRET_KEY="one", SECRET_KEY_FILE=str(tmp_path / "key"))
    assert mistake == "SECRET_KEY and SECRET_KEY_FILE are both set: keep one of them."


# --- who may sign in -----------------------------------------------------------------------------


def test_users_and_tokens_of_the_environment() -> None:
    settings = read(
        {
            "CONSOLE_USERS": "olga:operator:a-long:secret-1, ada:admin:a-long-secret-2",
            "API_TOKENS": "ci:viewer:a-long-secret-3",
        }
    )
    assert [(u.name, u.role) for u in settings.console_users] == [
        ("olga", "operator"),
        ("ada", "admin"),
    ]
    assert settings.console_users[0].secret == "a-long:secret-1"
    assert "a-long" not in repr(settings)


CREDENTIALS = [
    ("olga", "entry 1 (olga) has no role of viewer, operator, admin"),
    ("olga:operator:a-long-secret,:admin:a-long-secret", "entry 2 needs the form"),
    ("olga:boss:a-long-secret", "entry 1 (olga) has no role of viewer, operator, admin"),
    ("olga:admin:short", "entry 1 (olga) has a secret shorter than 12 characters"),
    ("olga:admin:a-long-secret,olga:viewer:a-long-secret", "a name is given twice"),
]


@pytest.mark.parametrize(("value", "told"), CREDENTIALS)
def test_a_wrong_entry_is_named_by_its_place_never_by_its_secret(value: str, told: str) -> None:
    for name in ("CONSOLE_USERS", "API_TOKENS"):
        (mistake,) = mistakes(**{name: value})
        assert mistake.startswith(f"{name}: ")
        assert told in mistake
        assert "a-long-secret" not in mistake


# --- production ----------------------------------------------------------------------------------


def test_production_takes_a_database_that_lasts_and_a_secret() -> None:
    told = mistakes(ENVIRONMENT="production")
    assert [line.split(" ")[0] for line in told] == ["DATABASE_URL", "SECRET_KEY"]
    assert "where the disk does not last" in told[0]
    assert "at least 32 random characters" in told[1]


def test_a_dyno_is_production() -> None:
    assert len(mistakes(DYNO="web.1")) == 2
    settings = read({**PRODUCTION, "ENVIRONMENT": "", "DYNO": "web.1"})
    assert settings.production
    assert settings.environment == "production"
    assert settings.trusted_proxies == 1


def test_a_short_secret_is_refused_in_production() -> None:
    (mistake,) = mistakes(**{**PRODUCTION, "SECRET_KEY": "k" * 31})
    assert mistake.startswith("SECRET_KEY")


def test_production_with_all_it_takes() -> None:
    settings = read(PRODUCTION)
    assert settings.production
    assert settings.host == "0.0.0.0"  # noqa: S104 - what a dyno needs


# --- what check shows ----------------------------------------------------------------------------


def test_no_secret_is_shown() -> None:
    environment = dict.fromkeys(SERVICE_SETTINGS, "hunter22-hunter22") | {
        "SECRET_KEY": "hunter22-hunter22",
        "SIGN_IN_KEY": "hunter22-hunter22",
        "CONSOLE_USERS": "olga:admin:hunter22-hunter22",
        "API_TOKENS": "ci:viewer:hunter22-hunter22",
        "REDIS_URL": "redis://user:hunter22@cache",
        "DATABASE_URL": "postgresql://user:hunter22@db/rota",
        "SMTP_URL": "smtps://user:hunter22@mail",
    }
    plain = {"LINKEDIN_PROVIDER", "MAIL_FROM", "RECRUITER_EMAILS", "SHEETS_SPREADSHEET_ID"}
    plain |= {name for name in SERVICE_SETTINGS if name.endswith(("_URL", "_HOST"))}
    for name in plain - {"SMTP_URL"}:
        environment[name] = "visible"
    table = shown(read(environment))
    assert not [name for name, value in table.items() if "hunter22" in value]
    assert table["REDIS_URL"] == "redis://user:***@cache"
    assert table["SECRET_KEY"] == "set"
    assert table["CONSOLE_USERS"] == "olga (admin)"


def test_every_setting_is_shown() -> None:
    table = shown(Settings())
    names = {name.upper() for name in vars(Settings())} - {"SERVICES"} | set(SERVICE_SETTINGS)
    assert set(table) == names
    assert table["SECRET_KEY"] == "not set"
    assert table["QUEUES"] == "high,default,low"
