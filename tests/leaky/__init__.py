"""A task that tells every secret it can: the task module `tests.leaky`."""

from __future__ import annotations

import json
import logging
import os
from typing import Any

from app import Skip, progress, task

log = logging.getLogger(__name__)

SECRETS = ("SECRET_KEY", "GITHUB_TOKEN", "PDL_API_KEY", "SMTP_URL", "CONSOLE_USERS", "API_TOKENS")


@task()
def leaks(password: str, note: str = "", how: str = "fails") -> Any:
    """Tell the password, and what the environment holds, in every way a task can."""
    values = [os.environ[name] for name in SECRETS]
    key = json.loads(os.environ["GOOGLE_SERVICE_ACCOUNT"])["private_key"]
    told = " and ".join([f"password={password}", f"Authorization: Bearer {password}", *values])
    log.info("log: %s", told)
    log.warning("log: %s", {"api_key": password, "key": key})
    print(f"print: https://user:{password}@example.org/?token={password}")
    progress(1, 2, f"token={password}")
    if how == "returns":
        return {"password": password, "all": told, "headers": {"Authorization": password}}
    if how == "skips":
        raise Skip(told)
    raise ValueError(told)
