"""The only reader of the environment: every setting, validated once, frozen.

A variable `NAME` may also be given as `NAME_FILE`, the path of a file that holds its value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from app.errors import SettingsError
from app.sentinel import SCHEME, parse_sentinel
from app.settings_access import Credential, parse_credentials

QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
# A task's id, `rota` for the whole, `*` for all of these.
BADGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,96}|\*")
SECRET_NAME = re.compile(r"(?i)secret|token|password|passwd|api_key|account|dsn|credential")
HOST_NAME = re.compile(
    r"(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]"
)
PRODUCTION_MINIMUM_SECRET = 32


@dataclass(frozen=True)
class Settings:
    """What the environment says. Durations are in days or seconds as their names say."""

    redis_url: str = "redis://127.0.0.1:6379/0"
    database_url: str = "sqlite:///data/rota.sqlite3"
    secret_key: str = ""
    sign_in_key: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    allowed_hosts: tuple[str, ...] = ()
    timezone: str = "UTC"
    task_modules: tuple[str, ...] = ("jobs",)
    queues: tuple[str, ...] = ("high", "default", "low")
    data_dir: Path = Path("data")
    log_dir: Path = Path("data/logs")
    run_retention_days: int = 90
    console_users: tuple[Credential, ...] = ()
    api_tokens: tuple[Credential, ...] = ()
    trusted_proxy_header: str = ""
    trusted_proxies: int = 0
    environment: str = "development"
    production: bool = False
    public_badges: tuple[str, ...] = ()
    services: Mapping[str, str] = field(default_factory=dict)

    def service(self, name: str, default: str = "") -> str:
        """Return an outside service's setting, `default` where it is not set."""
        return self.services.get(name) or default


# What the tasks' services read; declared here so that `check` can show and mask them.
SERVICE_SETTINGS = (
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SHEETS_URL",
    "SHEETS_SPREADSHEET_ID",
    "GITHUB_TOKEN",
    "GITHUB_URL",
    "LINKEDIN_PROVIDER",
    "PDL_API_KEY",
    "PDL_URL",
    "SMTP_URL",
    "MAIL_FROM",
    "RECRUITER_EMAILS",
)


def read(environment: Mapping[str, str]) -> Settings:
    """Validate `environment` and return the settings.

    Raises SettingsError naming each wrong variable, its value and what is allowed.
    """
    return _Reader(environment).settings()


@cache
def current_settings() -> Settings:
    """Return this process's settings, read from the environment on first use."""
    return read(os.environ)


def shown(settings: Settings) -> dict[str, str]:
    """Return every setting as text, with secrets and the passwords in URLs masked."""
    plain: dict[str, object] = {
        name.upper(): value for name, value in vars(settings).items() if name != "services"
    }
    plain["CONSOLE_USERS"] = ", ".join(f"{u.name} ({u.role})" for u in settings.console_users)
    plain["API_TOKENS"] = ", ".join(f"{t.name} ({t.role})" for t in settings.api_tokens)
    for name in ("SECRET_KEY", "SIGN_IN_KEY"):
        plain[name] = "set" if plain[name] else "not set"
    for name in SERVICE_SETTINGS:
        value = settings.service(name)
        plain[name] = ("set" if value else "not set") if SECRET_NAME.search(name) else value
    return {name: _without_password(_as_text(value)) for name, value in plain.items()}


def _as_text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _without_password(text: str) -> str:
    return re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:***@", text)


class _Reader:
    """Collects every mistake before it complains, so that one start shows them all."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.mistakes: list[str] = []

    def settings(self) -> Settings:
        production = bool(self.text("DYNO")) or self.text("ENVIRONMENT") == "production"
        data_dir = Path(self.text("DATA_DIR") or "data")
        default_database = f"sqlite:///{data_dir / 'rota.sqlite3'}"
        settings = Settings(
            redis_url=self.redis(),
            database_url=self.database(default_database),
            secret_key=self.text("SECRET_KEY"),
            sign_in_key=self.text("SIGN_IN_KEY"),
            host=self.text("HOST") or ("0.0.0.0" if production else "127.0.0.1"),  # noqa: S104 - a dyno's router comes from outside
            port=self.whole("PORT", 8000, 1, 65535),
            allowed_hosts=self.hosts(),
            timezone=self.zone(),
            task_modules=self.names("TASK_MODULES", ("jobs",), re.compile(r"[A-Za-z_][\w.]*")),
            queues=self.names("QUEUES", Settings.queues, QUEUE_NAME),
            data_dir=data_dir,
            log_dir=Path(self.text("LOG_DIR") or data_dir / "logs"),
            run_retention_days=self.whole("RUN_RETENTION_DAYS", 90, 1, 36500),
            console_users=self.credentials("CONSOLE_USERS"),
            api_tokens=self.credentials("API_TOKENS"),
            trusted_proxy_header=self.text("TRUSTED_PROXY_HEADER"),
            trusted_proxies=self.whole("TRUSTED_PROXIES", 1 if self.text("DYNO") else 0, 0, 10),
            environment=self.text("ENVIRONMENT") or ("production" if production else "development"),
            production=production,
            public_badges=self.names("PUBLIC_BADGES", (), BADGE_NAME),
            services={name: self.text(name) for name in SERVICE_SETTINGS if self.text(name)},
        )
        self.production_rules(settings)
        if self.mistakes:
            raise SettingsError("\n".join(self.mistakes))
        return settings

    def text(self, name: str) -> str:
        value = self.environment.get(name, "")
        path = self.environment.get(f"{name}_FILE", "")
        if not path:
            return value.strip()
        if value:
            self.mistakes.append(f"{name} and {name}_FILE are both set: keep one of them.")
            return ""
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.mistakes.append(f"{name}_FILE={path} cannot be read ({error}).")
            return ""

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if re.fullmatch(r"-?\d{1,9}", value) and low <= int(value) <= high:
            return int(value)
        self.mistakes.append(f"{name}={value} is not a whole number from {low} to {high}.")
        return default

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        value = self.text(name) or default
        if value.partition("://")[0] not in schemes or "://" not in value:
            known = ", ".join(f"{scheme}://…" for scheme in schemes)
            self.mistakes.append(
                f"{name}={_without_password(value)} is not a URL Rota knows: use {known}."
            )
        return value

    def redis(self) -> str:
        schemes = ("redis", "rediss", "unix", "sentinel")
        value = self.url("REDIS_URL", Settings.redis_url, schemes)
        if value.startswith(SCHEME):
            try:
                parse_sentinel(value)
            except ValueError as error:
                self.mistakes.append(f"REDIS_URL={_without_password(value)} is wrong: {error}.")
        return value

    def database(self, default: str) -> str:
        value = self.url("DATABASE_URL", default, ("sqlite", "postgres", "postgresql"))
        scheme, _, rest = value.partition("://")
        return value if scheme == "sqlite" else f"postgresql+psycopg://{rest}"

    def zone(self) -> str:
        value = self.text("TIMEZONE") or "UTC"
        if value in available_timezones():
            return ZoneInfo(value).key
        self.mistakes.append(
            f"TIMEZONE={value} is not an IANA time zone: write for example UTC, Europe/Berlin "
            "or America/New_York."
        )
        return "UTC"

    def names(
        self, name: str, default: tuple[str, ...], allowed: re.Pattern[str]
    ) -> tuple[str, ...]:
        values = tuple(part.strip() for part in self.text(name).split(",") if part.strip())
        wrong = [value for value in values if not allowed.fullmatch(value)]
        if wrong:
            self.mistakes.append(
                f"{name} has {wrong[0]!r}: names are separated by commas and match "
                f"{allowed.pattern}."
            )
        return tuple(dict.fromkeys(values)) or default

    def hosts(self) -> tuple[str, ...]:
        # Heroku tells an app its own name where its labs feature for dyno metadata is on.
        own = self.text("HEROKU_APP_DEFAULT_DOMAIN_NAME")
        default = (own,) if HOST_NAME.fullmatch(own) else ()
        return tuple(name.lower() for name in self.names("ALLOWED_HOSTS", default, HOST_NAME))

    def credentials(self, name: str) -> tuple[Credential, ...]:
        try:
            return parse_credentials(self.text(name))
        except ValueError as error:
            self.mistakes.append(f"{name}: {error}")
            return ()

    def production_rules(self, settings: Settings) -> None:
        if not settings.production:
            return
        if settings.database_url.startswith("sqlite"):
            self.mistakes.append(
                "DATABASE_URL is SQLite, but this is production (DYNO or ENVIRONMENT=production), "
                "where the disk does not last: use postgresql://…"
            )
        if len(settings.secret_key) < PRODUCTION_MINIMUM_SECRET:
            self.mistakes.append(
                f"SECRET_KEY must be set in production, to at least {PRODUCTION_MINIMUM_SECRET} "
                "random characters: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
