"""Mail goes out over a real SMTP dialogue, and what goes wrong is told apart."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from app import Invalid, Skip, Unavailable, current_settings
from jobs.sandbox.faults import Fault, FaultScript
from jobs.sandbox.mail_server import SandboxMailServer, serving_mail
from jobs.sandbox.mailbox import Mailbox
from jobs.services.mail import Mailer, open_mailer, recruiters
from jobs.services.mail_answers import AnswerLost, RefusedMail
from jobs.services.smtp_url import MailServer, addresses, mail_server, plain_address, sender
from tests.jobs.mailing import PostOffice, free_port

ADA = "ada@example.org"


def letter(text: str = "Dear Ada\n") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "An interview"
    message["To"] = ADA
    message.set_content(text)
    return message


def test_a_message_arrives_signed_in_over_tls(post_office: PostOffice) -> None:
    with post_office.mailer() as mailer:
        mailer.send(letter("Grüße\n.\n..two dots\nend"), ADA)
    (arrived,) = post_office.mailbox.messages()
    assert arrived["Subject"] == "An interview"
    assert arrived.get_content() == "Grüße\n.\n..two dots\nend\n"
    (envelope,) = post_office.mailbox.envelopes()
    assert (envelope.sender, envelope.recipients) == ("hiring@example.org", [ADA])
    assert post_office.mailbox.raw(1).isascii()


def test_lines_of_dots_arrive_as_they_were(post_office: PostOffice) -> None:
    text = ".\n..two\n.hidden\nend\n"
    with post_office.mailer() as mailer:
        mailer.send(letter(text), ADA)
    assert b"\r\n.hidden\r\n" in post_office.mailbox.raw(1)
    assert post_office.arrived()[0].get_content().replace("\r\n", "\n") == text


def test_one_connection_serves_many_messages_and_is_replaced_when_cut(
    post_office: PostOffice,
) -> None:
    with post_office.mailer() as mailer:
        mailer.send(letter(), ADA)
        first = mailer._smtp
        mailer.send(letter(), ADA)
        assert mailer._smtp is first
        post_office.order(Fault("reset", match="SMTP MAIL"))
        mailer.send(letter(), ADA)
    assert len(post_office.mailbox.messages()) == 3


@pytest.mark.parametrize("code", [451, 550])
def test_a_refused_recipient_is_told_with_its_code(post_office: PostOffice, code: int) -> None:
    post_office.order(Fault("status", status=code, match="SMTP RCPT"))
    with post_office.mailer() as mailer:
        with pytest.raises(RefusedMail) as refused:
            mailer.send(letter(), ADA)
        assert (refused.value.code, refused.value.subject) == (code, "recipient")
        assert refused.value.permanent is (code == 550)
        mailer.send(letter(), "grace@example.org")
    assert [each.recipients for each in post_office.mailbox.envelopes()] == [["grace@example.org"]]


@pytest.mark.parametrize(
    ("code", "said", "subject", "bad"),
    [
        (550, b"5.1.1 nobody of that name", "recipient", True),
        (550, b"no such user", "recipient", True),
        (550, b"5.2.1 mailbox switched off", "recipient", True),
        (552, b"5.2.2 mailbox full", "recipient", False),
        (550, b"5.7.1 relaying denied", "recipient", False),
        (554, b"rejected as spam", "recipient", False),
        (550, b"5.1.1 nobody", "message", False),
        (550, b"5.1.8 your sender is bad", "sender", False),
        (450, b"4.2.1 try later", "recipient", False),
    ],
)
def test_only_a_bad_address_bans_the_address(
    code: int, said: bytes, subject: str, bad: bool
) -> None:
    assert RefusedMail(code, said, subject).address_is_bad is bad


def test_a_refusal_after_the_text_is_a_refusal_and_not_a_riddle(post_office: PostOffice) -> None:
    post_office.order(Fault("status", status=554, match="SMTP END", said="5.7.1 spam"))
    with post_office.mailer() as mailer, pytest.raises(RefusedMail) as refused:
        mailer.send(letter(), ADA)
    assert (refused.value.subject, refused.value.permanent) == ("message", True)


@pytest.mark.parametrize("kept", [True, False])
def test_a_connection_lost_after_the_text_leaves_it_open(
    post_office: PostOffice, kept: bool
) -> None:
    post_office.order(Fault("reset", match="SMTP END", after_commit=kept))
    with post_office.mailer() as mailer, pytest.raises(AnswerLost):
        mailer.send(letter(), ADA)
    assert len(post_office.mailbox.messages()) == kept


def test_an_answer_to_the_text_that_takes_too_long_leaves_it_open(post_office: PostOffice) -> None:
    post_office.order(Fault("slow", seconds=5, match="SMTP END", after_commit=True))
    with post_office.mailer(last_timeout=0.3) as mailer, pytest.raises(AnswerLost):
        mailer.send(letter(), ADA)


@pytest.mark.parametrize("match", ["SMTP MAIL", "SMTP RCPT", "SMTP DATA"])
@pytest.mark.parametrize("fault", [Fault("reset"), Fault("slow", seconds=5)])
def test_a_server_that_goes_away_before_the_text_has_certainly_not_got_it(
    post_office: PostOffice, match: str, fault: Fault
) -> None:
    post_office.order(Fault(fault.kind, seconds=fault.seconds, match=match))
    handed: list[bool] = []
    with (
        post_office.mailer(timeout=0.5) as mailer,
        pytest.raises(Unavailable, match="The mail server"),
    ):
        mailer.send(letter(), ADA, lambda: handed.append(True))
    assert (handed, post_office.mailbox.messages()) == ([], [])


def test_what_hand_over_raises_stops_the_message(post_office: PostOffice) -> None:
    def stop() -> None:
        assert not post_office.mailbox.messages()
        raise LookupError("no longer wanted")

    with post_office.mailer() as mailer:
        with pytest.raises(LookupError):
            mailer.send(letter(), ADA, stop)
        mailer.send(letter(), "grace@example.org")
    assert [each.recipients for each in post_office.mailbox.envelopes()] == [["grace@example.org"]]


def test_nobody_there_is_away() -> None:
    mailer = Mailer(MailServer("127.0.0.1", free_port(), "none"), sender("hiring@example.org"))
    with pytest.raises(Unavailable):
        mailer.send(letter(), ADA)


def test_a_wrong_password_is_a_matter_of_settings(post_office: PostOffice) -> None:
    server = MailServer("127.0.0.1", post_office.port, "starttls", "rota", "wrong")
    mailer = Mailer(server, sender("hiring@example.org"))
    with pytest.raises(Invalid, match="does not accept user and password"):
        mailer.send(letter(), ADA)


def test_a_server_without_starttls_gets_nothing(tmp_path: Path) -> None:
    with plain_server(tmp_path) as server:
        url = mail_server(f"smtp://127.0.0.1:{server.port}")
        with (
            Mailer(url, sender("hiring@example.org")) as mailer,
            pytest.raises(Invalid, match="no STARTTLS"),
        ):
            mailer.send(letter(), ADA)
        assert not server.mailbox.messages()
        never = mail_server(f"smtp://127.0.0.1:{server.port}?starttls=never")
        with Mailer(never, sender("hiring@example.org")) as mailer:
            mailer.send(letter(), ADA)
        assert len(server.mailbox.messages()) == 1


def test_a_server_that_wants_tls_gets_no_plain_text(post_office: PostOffice) -> None:
    never = mail_server(f"smtp://127.0.0.1:{post_office.port}?starttls=never")
    with (
        Mailer(never, sender("hiring@example.org")) as mailer,
        pytest.raises(RefusedMail, match="STARTTLS"),
    ):
        mailer.send(letter(), ADA)


def test_beyond_loopback_the_certificate_must_be_valid(
    post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MailServer, "loopback", False)
    with post_office.mailer() as mailer, pytest.raises(Invalid, match="certificate"):
        mailer.send(letter(), ADA)
    assert not post_office.mailbox.messages()


def test_smtps_speaks_tls_from_the_first_byte(tmp_path: Path, mail_certificate: Path) -> None:
    """A TLS front before the plain server, as a provider's port 465 is one."""
    with plain_server(tmp_path) as server, tls_front(mail_certificate, server.port) as port:
        url = mail_server(f"smtps://127.0.0.1:{port}")
        with Mailer(url, sender("hiring@example.org")) as mailer:
            mailer.send(letter(), ADA)
        assert len(server.mailbox.messages()) == 1


@pytest.mark.parametrize(
    "hostile",
    ["ada@example.org\r\nBcc: all@example.org", "ada@example.org>\nRCPT TO:<eve@example.org",
     "ada@example.org, eve@example.org", "Ada <ada@example.org>", "ada@", "@example.org",
     "ada\x00@example.org", "a b@example.org", "", "ada@exa mple.org"],
)  # fmt: skip
def test_an_address_is_one_plain_address(post_office: PostOffice, hostile: str) -> None:
    with pytest.raises(Invalid):
        plain_address(hostile)
    with post_office.mailer() as mailer, pytest.raises(Invalid):
        mailer.send(letter(), hostile)
    assert not post_office.mailbox.messages()


def test_addresses_beyond_ascii_arrive(post_office: PostOffice) -> None:
    with post_office.mailer() as mailer:
        mailer.send(letter(), "ada@münchen.example")
        mailer.send(letter(), "änne@example.org")
    found = [each.recipients for each in post_office.mailbox.envelopes()]
    assert found == [["ada@xn--mnchen-3ya.example"], ["änne@example.org"]]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", MailServer("mail.example.org", 587, "starttls")),
        ("smtps://u:p@mail.example.org", MailServer("mail.example.org", 465, "tls", "u", "p")),
        (
            "smtp://a%40b:p%3A%2F@mail.example.org:2525?starttls=required",
            MailServer("mail.example.org", 2525, "starttls", "a@b", "p:/"),
        ),
        ("smtp://relay:25?starttls=never", MailServer("relay", 25, "none")),
    ],
)
def test_the_url_says_how_to_reach_the_server(url: str, expected: MailServer) -> None:
    assert mail_server(url) == expected


@pytest.mark.parametrize(
    "url",
    ["http://mail", "smtp://", "smtp://mail:port", "smtp://mail?starttls=perhaps",
     "smtp://u:geheim@mail?starttls=never", "smtp://mail/inbox", "smtp://mail?tls=1", "mail:25"],
)  # fmt: skip
def test_any_other_url_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(Invalid, match="SMTP_URL") as refused:
        mail_server(url)
    assert "geheim" not in str(refused.value)


def test_sender_and_lists_are_read() -> None:
    assert str(sender("Hiring Team <hiring@example.org>")) == "Hiring Team <hiring@example.org>"
    assert str(sender("hiring@example.org")) == "hiring@example.org"
    assert addresses("a@example.org, B@example.org,b@example.org") == (
        "a@example.org",
        "B@example.org",
    )
    with pytest.raises(Invalid, match="MAIL_FROM"):
        sender("Hiring <a@example.org> and <b@example.org>")


def test_without_settings_mail_is_not_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMTP_URL", "MAIL_FROM", "RECRUITER_EMAILS"):
        monkeypatch.delenv(name, raising=False)
    current_settings.cache_clear()
    with pytest.raises(Skip, match="not configured: set SMTP_URL"):
        open_mailer()
    with pytest.raises(Skip, match="not configured: set RECRUITER_EMAILS"):
        recruiters()


class PlainServer:
    def __init__(self, mailbox: Mailbox, port: int) -> None:
        self.mailbox = mailbox
        self.port = port


@contextmanager
def plain_server(folder: Path) -> Iterator[PlainServer]:
    """A mail server without STARTTLS and sign-in."""
    port = free_port()
    mailbox = Mailbox(folder / "plain")
    server = SandboxMailServer(mailbox, FaultScript(), port, folder / "none", secure=False)
    with serving_mail(server):
        yield PlainServer(mailbox, port)


@contextmanager
def tls_front(certificate: Path, behind: int) -> Iterator[int]:
    """Take one TLS connection and pass its bytes to the port behind."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            raw, _ = listening.accept()
            with (
                context.wrap_socket(raw, server_side=True) as front,
                socket.create_connection(("127.0.0.1", behind)) as back,
            ):
                answers = threading.Thread(target=passing, args=(back.recv, front.sendall))
                answers.start()
                passing(front.recv, back.sendall)
                back.shutdown(socket.SHUT_WR)
                answers.join()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def passing(take: Callable[[int], bytes], give: Callable[[bytes], None]) -> None:
    try:
        while piece := take(65536):
            give(piece)
    except OSError:
        return
