"""Users, tokens, sessions and the limit on failures, on both databases."""

from __future__ import annotations

import hashlib
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, select, update

from app import sign_in_limits
from app.accounts import Account, Accounts
from app.passwords import hash_password, password_fits
from app.records.access_schema import tokens, users
from app.records.database import open_database, reading, writing
from app.records.migrate import migrate
from app.settings import Settings
from app.settings_access import Credential
from app.sign_in_limits import TooManyFailures

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ENVIRONMENT = Settings(
    console_users=(Credential("otto", "operator", "otto's password"),),
    api_tokens=(Credential("deploys", "operator", "token-of-deploys"),),
)


def add_user(database: Engine, name: str, role: str, password: str) -> None:
    with writing(database) as connection:
        connection.execute(
            insert(users).values(
                name=name, role=role, password_hash=hash_password(password),
                created_at=NOON, created_by="test",
            )
        )  # fmt: skip


def add_token(database: Engine, name: str, role: str) -> str:
    secret = f"rota_{name}_that_is_long_enough"
    with writing(database) as connection:
        connection.execute(
            insert(tokens).values(
                name=name, role=role, secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
                created_at=NOON, created_by="test",
            )
        )  # fmt: skip
    return secret


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def known(database: Engine) -> Accounts:
    """Accounts of the environment and, in the database, of dora."""
    add_user(database, "dora", "viewer", "dora's password")
    return Accounts(ENVIRONMENT, database)


def test_users_of_environment_and_database_sign_in(known: Accounts) -> None:
    otto = known.sign_in("otto", "otto's password", "::1", NOON)
    dora = known.sign_in("dora", "dora's password", "::1", NOON)
    assert (otto, dora) == (Account("otto", "operator"), Account("dora", "viewer"))
    assert known.sign_in("dora", "otto's password", "::1", NOON) is None
    assert known.sign_in("", "", "::1", NOON) is None
    assert known.sign_in("dora", "\ud800\x00", "::1", NOON) is None


def test_the_environment_outweighs_the_database(database: Engine) -> None:
    add_user(database, "otto", "admin", "another password")
    known = Accounts(ENVIRONMENT, database)
    assert known.sign_in("otto", "another password", "::1", NOON) is None
    assert known.named("otto") == Account("otto", "operator")


def test_passwords_are_kept_as_scrypt_hashes_with_their_own_salt(
    known: Accounts, database: Engine
) -> None:
    add_user(database, "erik", "viewer", "dora's password")
    with reading(database) as connection:
        hashes = list(connection.scalars(select(users.c.password_hash)))
    assert len(set(hashes)) == 2
    assert all(stored.startswith("scrypt:16384:8:5$") for stored in hashes)
    assert "dora's" not in str(hashes)


def test_a_hash_fits_its_password_alone() -> None:
    stored = hash_password("correct horse")
    assert password_fits("correct horse", stored)
    assert not password_fits("correct horse ", stored)


def test_every_sign_in_costs_one_scrypt_whoever_it_is(
    known: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    scrypt = hashlib.scrypt

    def count(password: bytes, *, salt: bytes, n: int, r: int, p: int, maxmem: int) -> bytes:
        counted.append(n * r * p)
        return scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=maxmem)

    monkeypatch.setattr("app.passwords.hashlib.scrypt", count)
    for name in ("otto", "dora", "nobody"):
        for password in ("wrong", f"{name}'s password"):
            known.sign_in(name, password, "::1", NOON)
    assert counted == [2**14 * 8 * 5] * 6


def test_five_failures_a_minute_are_allowed_for_one_name_and_address(known: Accounts) -> None:
    for _ in range(5):
        assert known.sign_in("dora", "wrong", "10.0.0.1", NOON) is None
    with pytest.raises(TooManyFailures) as refused:
        known.sign_in("dora", "dora's password", "10.0.0.1", NOON + timedelta(seconds=20))
    assert 40 <= refused.value.retry_after <= 41
    assert known.sign_in("dora", "dora's password", "10.0.0.2", NOON) is not None
    assert known.sign_in("otto", "otto's password", "10.0.0.1", NOON) is not None
    later = NOON + timedelta(seconds=61)
    assert known.sign_in("dora", "dora's password", "10.0.0.1", later) is not None


def test_trying_while_locked_out_does_not_lock_for_longer(known: Accounts) -> None:
    for _ in range(5):
        known.sign_in("dora", "wrong", "::1", NOON)
    for second in range(1, 60, 7):
        with pytest.raises(TooManyFailures):
            known.sign_in("dora", "wrong", "::1", NOON + timedelta(seconds=second))
    assert known.sign_in("dora", "dora's password", "::1", NOON + timedelta(seconds=61))


def test_a_success_forgets_the_failures(known: Accounts) -> None:
    for _ in range(3):
        for _ in range(4):
            assert known.sign_in("dora", "wrong", "::1", NOON) is None
        assert known.sign_in("dora", "dora's password", "::1", NOON) is not None


def test_an_address_may_fail_twenty_times_a_minute_whatever_the_names(known: Accounts) -> None:
    for number in range(20):
        assert known.sign_in(f"name{number}", "wrong", "10.0.0.1", NOON) is None
    with pytest.raises(TooManyFailures, match="from this address"):
        known.sign_in("otto", "otto's password", "10.0.0.1", NOON)
    assert known.sign_in("otto", "otto's password", "10.0.0.2", NOON) is not None


def test_one_customers_network_counts_as_one_address(known: Accounts) -> None:
    for number in range(20):
        assert known.sign_in(f"name{number}", "wrong", f"2001:db8::{number}", NOON) is None
    with pytest.raises(TooManyFailures):
        known.sign_in("otto", "otto's password", "2001:db8::ffff:1", NOON)
    assert known.sign_in("otto", "otto's password", "2001:db8:0:1::1", NOON) is not None


def test_all_addresses_together_are_limited(
    known: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_limits, "FOR_ALL", 6)
    for number in range(6):
        assert known.sign_in("nobody", "wrong", f"10.0.0.{number}", NOON) is None
    with pytest.raises(TooManyFailures, match="altogether"):
        known.sign_in("otto", "otto's password", "10.0.1.1", NOON)
    later = NOON + timedelta(seconds=61)
    assert known.sign_in("otto", "otto's password", "10.0.1.1", later) is not None


def test_hashes_wait_for_each_other_beyond_two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, lock = 0, 0, threading.Lock()

    def slow(*_: object, **__: object) -> bytes:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.02)
        with lock:
            inside -= 1
        return b"x" * 64

    monkeypatch.setattr("app.passwords.hashlib.scrypt", slow)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: hash_password("x"), range(16)))
    assert most == 2


def test_an_unknown_name_takes_as_long_as_a_wrong_password(known: Accounts) -> None:
    took: dict[str, list[float]] = {"dora": [], "nobody": []}
    for round_ in range(11):
        for name, times in took.items():
            began = time.process_time()
            known.sign_in(name, "wrong", f"10.0.{round_}.1", NOON)
            times.append(time.process_time() - began)
    known_name, unknown = (statistics.median(times) for times in took.values())
    assert abs(known_name - unknown) < 0.1 * max(known_name, unknown)


def test_a_session_lasts_half_an_idle_hour(known: Accounts) -> None:
    value = known.open_session(Account("dora", "viewer"), "::1", NOON)
    assert known.by_session(value, NOON + timedelta(minutes=29), seen=True) is not None
    assert known.by_session(value, NOON + timedelta(minutes=58), seen=False) is not None
    assert known.by_session(value, NOON + timedelta(minutes=60), seen=True) is None


def test_a_session_ends_after_twelve_hours_however_busy(known: Accounts) -> None:
    value = known.open_session(Account("dora", "viewer"), "::1", NOON)
    for minutes in range(20, 12 * 60, 20):
        assert known.by_session(value, NOON + timedelta(minutes=minutes), seen=True) is not None
    assert known.by_session(value, NOON + timedelta(hours=12), seen=True) is None


def test_a_session_shows_the_role_of_now(known: Accounts, database: Engine) -> None:
    value = known.open_session(Account("dora", "viewer"), "::1", NOON)
    with writing(database) as connection:
        connection.execute(update(users).values(role="admin"))
    assert known.by_session(value, NOON, seen=True) == Account("dora", "admin")
    with writing(database) as connection:
        connection.execute(update(users).values(disabled=True))
    assert known.by_session(value, NOON, seen=True) is None


def test_a_closed_session_is_over(known: Accounts) -> None:
    value = known.open_session(Account("otto", "operator"), "::1", NOON)
    known.close_session(value)
    assert known.by_session(value, NOON, seen=True) is None
    assert known.by_session("", NOON, seen=True) is None


def test_tokens_of_environment_and_database_are_recognised(database: Engine) -> None:
    known = Accounts(ENVIRONMENT, database)
    secret = add_token(database, "backup", "viewer")
    assert known.by_token(secret) == Account("backup", "viewer")
    assert known.by_token("token-of-deploys") == Account("deploys", "operator")
    assert known.by_token(secret[:-1]) is None
    assert known.by_token("") is None


def test_a_token_is_kept_as_its_hash_and_ends_when_revoked(database: Engine) -> None:
    known = Accounts(ENVIRONMENT, database)
    secret = add_token(database, "backup", "viewer")
    with writing(database) as connection:
        row = connection.execute(select(tokens)).one()
        assert row.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
        assert secret not in str(row)
        connection.execute(update(tokens).values(revoked_at=NOON))
    assert known.by_token(secret) is None


def test_it_is_known_whether_anybody_can_sign_in(database: Engine) -> None:
    nobody = Accounts(Settings(), database)
    assert not nobody.exist()
    assert Accounts(ENVIRONMENT, database).exist()
    add_user(database, "dora", "viewer", "dora's password")
    assert nobody.exist()
    with writing(database) as connection:
        connection.execute(update(users).values(disabled=True))
    assert not nobody.exist()
