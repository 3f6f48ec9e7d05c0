"""A message is sent once, whatever happens around it; what nobody can know is `unknown`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import Engine, select

from app import Invalid, Unavailable, reading, writing
from app.context import CurrentRun, enter, leave
from jobs.recruiting import outbox_rows
from jobs.recruiting.outbox import LEASE, Delivery, Withdrawn, deliver
from jobs.recruiting.schema import mail_outbox, mail_suppressions
from jobs.sandbox.faults import Fault
from jobs.services.mail import Mailer
from jobs.services.mail_answers import RefusedMail
from tests.jobs.candidates import NOW
from tests.jobs.mailing import PostOffice

ADA = "Ada@example.org"
Send = Callable[..., Delivery]


def letter() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "An interview"
    message.set_content("Dear Ada")
    return message


@pytest.fixture
def send(engine: Engine, post_office: PostOffice) -> Send:
    """Deliver the one message of these tests."""

    def send(**changes: object) -> Delivery:
        given: dict[str, object] = {
            "kind": "test",
            "key": "1",
            "recipient": ADA,
            "compose": letter,
            "now": NOW,
            "resend_unknown": False,
        }
        with post_office.mailer(1.0, 1.0) as mailer:
            return deliver(engine, **{**given, "mailer": mailer, **changes})  # type: ignore[arg-type]  # names and types are the caller's

    return send


def test_a_message_is_sent_once(send: Send, post_office: PostOffice) -> None:
    first, second = send(), send(recipient=ADA.lower())
    assert (first.state, first.sent_now) == ("sent", True)
    assert (second.state, second.sent_now, second.attempts) == ("sent", False, 1)
    assert len(post_office.arrived()) == 1


def test_it_has_a_message_id_of_its_own_and_says_that_a_program_wrote_it(
    send: Send, post_office: PostOffice
) -> None:
    sent = [send(), send(key="2"), send(kind="other"), send(recipient="grace@example.org")]
    arrived = post_office.arrived()
    assert [message["Message-ID"] for message in arrived] == [each.message_id for each in sent]
    assert len({each.message_id for each in sent}) == 4
    assert all(each.message_id.endswith("@example.org>") for each in sent)
    first = arrived[0]
    assert (first["To"], first["From"]) == (ADA, "Hiring <hiring@example.org>")
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Date"] == "Tue, 24 Nov 2026 09:00:00 +0000"


def test_two_that_send_at_once_send_one(
    engine: Engine, send: Send, post_office: PostOffice
) -> None:
    post_office.order(Fault("slow", seconds=0.5, match="SMTP END"))
    found: list[Delivery] = []
    threads = [threading.Thread(target=lambda: found.append(send())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.state for each in found) == ["sending", "sending", "sending", "sent"]
    assert len(post_office.arrived()) == 1


def test_what_is_refused_for_now_is_tried_again(send: Send, post_office: PostOffice) -> None:
    post_office.order(Fault("status", status=451, match="SMTP RCPT", said="4.7.1 greylisted"))
    first = send()
    assert (first.state, first.again) == ("pending", True)
    assert "451 4.7.1 greylisted" in first.reason
    assert send().state == "sent"
    assert len(post_office.arrived()) == 1


def test_what_is_refused_for_now_again_and_again_is_given_up(
    send: Send, post_office: PostOffice
) -> None:
    post_office.order(Fault("status", status=451, match="SMTP RCPT", times=100))
    states = [send().state for _ in range(outbox_rows.MOST_ATTEMPTS + 1)]
    assert states == ["pending"] * (outbox_rows.MOST_ATTEMPTS - 1) + ["failed"] * 2
    assert "given up after 12 attempts" in send().reason


def test_a_bad_address_gets_nothing_any_more(send: Send, post_office: PostOffice) -> None:
    post_office.order(Fault("status", status=550, match="SMTP RCPT", said="5.1.1 nobody"))
    assert send().state == "failed"
    second = send(key="2", recipient=ADA.lower())
    assert (second.state, second.attempts) == ("failed", 0)
    assert second.reason == "suppressed since 2026-11-24: 550 5.1.1 nobody"
    assert not post_office.arrived()


def test_a_refused_text_bans_nobody(engine: Engine, send: Send, post_office: PostOffice) -> None:
    post_office.order(Fault("status", status=554, match="SMTP END", said="5.7.1 spam"))
    assert send().state == "failed"
    with reading(engine) as connection:
        assert not connection.execute(select(mail_suppressions)).all()
    assert send(key="2").state == "sent"


def test_a_refused_sender_is_a_matter_of_settings_and_loses_nothing(
    send: Send, post_office: PostOffice
) -> None:
    post_office.order(Fault("status", status=553, match="SMTP MAIL"))
    with pytest.raises(Invalid, match="MAIL_FROM"):
        send()
    assert send().state == "sent"


def test_a_lost_answer_is_unknown_and_not_sent_again(send: Send, post_office: PostOffice) -> None:
    post_office.order(Fault("reset", match="SMTP END", after_commit=True))
    assert send().state == "unknown"
    assert (send().state, send().sent_now) == ("unknown", False)
    assert len(post_office.arrived()) == 1


def test_a_lost_answer_may_be_sent_again_once_under_the_same_id(
    send: Send, post_office: PostOffice
) -> None:
    post_office.order(Fault("reset", match="SMTP END", after_commit=True, times=5))
    states = [send(resend_unknown=True).state for _ in range(4)]
    assert states == ["unknown"] * 4
    assert len({message["Message-ID"] for message in post_office.arrived()}) == 1
    assert len(post_office.arrived()) == 2


def test_a_message_whose_answer_was_lost_stays_so_when_the_second_try_does_not_get_through(
    send: Send, post_office: PostOffice
) -> None:
    post_office.order(Fault("reset", match="SMTP END", after_commit=True))
    assert send(resend_unknown=True).state == "unknown"
    post_office.order(Fault("status", status=451, match="SMTP RCPT"))
    assert send(resend_unknown=True).state == "unknown"
    post_office.order(Fault("reset", match="SMTP DATA"))
    with pytest.raises(Unavailable):
        send(resend_unknown=True)
    assert send(resend_unknown=False).state == "unknown"
    assert send(resend_unknown=True).state == "sent"
    assert len(post_office.arrived()) == 2


def test_a_server_that_is_away_costs_no_attempt(send: Send, post_office: PostOffice) -> None:
    post_office.order(Fault("reset", match="SMTP RCPT"))
    with pytest.raises(Unavailable, match="The mail server"):
        send()
    found = send()
    assert (found.state, found.attempts) == ("sent", 1)


def test_what_is_no_address_fails_alone(send: Send, post_office: PostOffice) -> None:
    found = send(recipient="ada@example.org\r\nBcc: eve@example.org")
    assert found.state == "failed"
    assert "is not an e-mail address" in found.reason
    assert not post_office.arrived()


def test_a_message_may_be_withdrawn_until_its_text_leaves(
    send: Send, post_office: PostOffice
) -> None:
    def gone() -> EmailMessage:
        raise Withdrawn("superseded", "the interview was moved")

    def late() -> None:
        raise Withdrawn("missed", "the interview has begun")

    assert send(compose=gone).state == "superseded"
    found = send(key="2", still_wanted=late)
    assert (found.state, found.reason) == ("missed", "the interview has begun")
    assert (send().state, send(key="2").state) == ("superseded", "missed")
    assert not post_office.arrived()


def test_a_mistake_while_composing_loses_nothing(send: Send) -> None:
    def wrong() -> EmailMessage:
        raise ZeroDivisionError("a mistake")

    with pytest.raises(ZeroDivisionError):
        send(compose=wrong)
    assert send().state == "sent"


class _EndedError(BaseException):
    """As a time-out that ends a run wherever it is."""


class EndedAfterTheText(Mailer):
    """A mailer whose process is told to end while it waits for the last answer."""

    def _dialogue(self, *given: object) -> str:
        super()._dialogue(*given)  # type: ignore[arg-type]  # passes all of it on
        raise _EndedError


def test_a_run_that_is_ended_while_it_waits_for_the_answer_leaves_unknown(
    send: Send, post_office: PostOffice
) -> None:
    usual = post_office.mailer()
    with EndedAfterTheText(usual.server, usual.sender) as mailer, pytest.raises(_EndedError):
        send(mailer=mailer)
    assert send().state == "unknown"
    assert len(post_office.arrived()) == 1


def test_a_frozen_execution_sends_nothing_once_another_took_over(
    engine: Engine, send: Send, post_office: PostOffice
) -> None:
    def sent_by_another() -> None:
        assert send(now=NOW + LEASE).state == "sent"

    found = send(still_wanted=sent_by_another)
    assert (found.state, found.sent_now) == ("sent", False)
    assert len(post_office.arrived()) == 1


def test_an_answer_that_comes_after_the_lease_ran_out_still_counts(
    engine: Engine, send: Send, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = outbox_rows.sent

    def late(*given: object) -> Delivery:
        assert send(now=NOW + LEASE).state == "unknown"
        return usual(*given)  # type: ignore[arg-type]  # passes all of it on

    monkeypatch.setattr(outbox_rows, "sent", late)
    assert send().state == "sent"
    assert send(now=NOW + LEASE).state == "sent"


def test_a_database_that_is_away_for_a_moment_does_not_lose_the_answer(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, fails = outbox_rows.sent, [1, 1]

    def flaky(*given: object) -> Delivery:
        if fails:
            fails.pop()
            raise Unavailable("The database")
        return usual(*given)  # type: ignore[arg-type]  # passes all of it on

    monkeypatch.setattr("jobs.recruiting.outbox.RECORD_AGAIN_AFTER", (0.0, 0.0))
    monkeypatch.setattr(outbox_rows, "sent", flaky)
    assert send().state == "sent"


def test_only_the_same_run_takes_over_before_the_lease_ends(engine: Engine, send: Send) -> None:
    with writing(engine) as connection:
        outbox_rows.post(connection, ("test", "1", ADA), "<id@example.org>", NOW)
        connection.execute(
            mail_outbox.update().values(
                state="sending", owner="run-1", token="old", lease_until=NOW + LEASE
            )
        )
    enter(CurrentRun("run-2", "test"))
    try:
        assert send().state == "sending"
        enter(CurrentRun("run-1", "test", attempt=2))
        assert send().state == "sent"
    finally:
        leave()


def test_a_refusal_reads_as_one_line() -> None:
    assert str(RefusedMail(550, b"5.1.1 no\nsuch user", "recipient")) == (
        "the mail server refused the recipient: 550 5.1.1 no such user"
    )


def test_the_lease_outlasts_the_longest_dialogue() -> None:
    assert timedelta(minutes=10) < LEASE < timedelta(minutes=20)
