"""Everything a process holds: settings, catalogue, and its connections, opened on first use."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis
from sqlalchemy import Engine

from app.catalogue import Catalogue, load
from app.connection import connect
from app.masking import learn
from app.records.database import PATIENCE, PATIENCE_OF_PEOPLE, open_database
from app.settings import Settings, current_settings

# In these processes somebody waits for an answer.
ACTING = ("web", "cli")


@dataclass(frozen=True)
class System:
    """Handed to every read and every action; holds no state of its own."""

    settings: Settings
    catalogue: Catalogue
    redis: Redis
    database: Engine

    def __post_init__(self) -> None:
        learn(self.settings)

    @classmethod
    def open(cls, settings: Settings | None = None, process: str = "cli") -> System:
        """Load the task modules and prepare the connections; nothing is sent yet.

        Raises SettingsError or DefinitionError.
        """
        settings = settings or current_settings()
        return cls(
            settings=settings,
            catalogue=load(settings.task_modules, settings.timezone),
            redis=connect(settings.redis_url, process),
            database=open_database(
                settings.database_url, PATIENCE_OF_PEOPLE if process in ACTING else PATIENCE
            ),
        )

    def close(self) -> None:
        """Close all connections."""
        self.redis.close()
        self.database.dispose()
