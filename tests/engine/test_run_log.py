"""A run's live log in Redis: capped by lines and bytes, what is left out counted."""

from __future__ import annotations

from typing import Any

from redis import Redis

from app import keys
from app.run_log import MOST_BYTES, MOST_LINES, RunLog, read_lines

AT = "2026-01-01T00:00:00.000+00:00"


def line(message: str) -> dict[str, str]:
    return {"at": AT, "level": "INFO", "logger": "x", "message": message}


def kept(redis: Redis, run_id: str) -> list[str]:
    raw: Any = redis.lrange(keys.log(run_id), 0, -1)
    return [one["message"] for one in read_lines(raw)]


def test_lines_wait_until_they_are_flushed(redis: Redis) -> None:
    log = RunLog(redis, "r")
    log.add(line("one"))
    log.add(line("two"))
    assert kept(redis, "r") == []
    log.flush()
    log.flush()
    assert kept(redis, "r") == ["one", "two"]
    ttl: Any = redis.ttl(keys.log("r"))
    assert 0 < ttl <= 24 * 3600


def test_beyond_the_cap_lines_are_counted(redis: Redis) -> None:
    redis.hset(keys.job("r"), "status", "started")
    log = RunLog(redis, "r")
    for number in range(MOST_LINES + 5):
        log.add(line(str(number)))
    log.flush()
    assert kept(redis, "r") == [str(number) for number in range(MOST_LINES)]
    assert redis.hget(keys.job("r"), "rota_log_dropped") == b"5"


def test_few_but_huge_lines_are_capped_as_well(redis: Redis) -> None:
    redis.hset(keys.job("r"), "status", "started")
    log = RunLog(redis, "r")
    for _ in range(3):
        log.add(line("x" * (MOST_BYTES // 2 - 200)))
    log.flush()
    assert len(kept(redis, "r")) == 2
    assert redis.hget(keys.job("r"), "rota_log_dropped") == b"1"


def test_a_job_that_redis_lost_stays_lost(redis: Redis) -> None:
    # The count must not make it look as if the run were still there: nobody would start it again.
    log = RunLog(redis, "r")
    for number in range(MOST_LINES + 5):
        log.add(line(str(number)))
    log.flush()
    assert redis.exists(keys.job("r")) == 0


def test_a_new_line_is_told_to_the_screens(redis: Redis) -> None:
    log = RunLog(redis, "r")
    log.add(line("one"))
    log.flush()
    assert redis.get(keys.CHANGES) == b"1"
