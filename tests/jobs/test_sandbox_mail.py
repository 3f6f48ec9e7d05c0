"""The sandbox's mailbox as pages, and its mail server as `./dev up` has it."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
import requests

from jobs.sandbox.mailbox import MOST_MESSAGES, Mailbox
from jobs.sandbox.server import Sandbox
from jobs.services.mail import Mailer
from jobs.services.mail_answers import RefusedMail
from jobs.services.smtp_url import mail_server, sender
from tests.jobs.candidates import NOW


@pytest.fixture
def mailer(sandbox: Sandbox) -> Mailer:
    environment = sandbox.place.environment
    return Mailer(mail_server(environment["SMTP_URL"]), sender(environment["MAIL_FROM"]))


def hostile_letter() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "<b>Hello</b>"
    message["To"] = "ada@example.org"
    message.set_content("plain <i>text</i>")
    message.add_alternative(
        "<p>rich</p><script>alert(1)</script><img src='cid:picture@rota'>", subtype="html"
    )
    message.add_attachment("BEGIN:VCALENDAR", subtype="calendar", filename="interview.ics")
    message.add_attachment(
        b"PNG", maintype="image", subtype="png", cid="<picture@rota>", disposition="inline"
    )
    return message


def get(sandbox: Sandbox, path: str, **options: object) -> requests.Response:
    return requests.get(f"{sandbox.place.url}{path}", timeout=5, **options)  # type: ignore[arg-type]  # the caller's


def test_the_mailbox_lists_what_came_and_shows_it_harmlessly(
    sandbox: Sandbox, mailer: Mailer
) -> None:
    assert "No mail yet." in get(sandbox, "/mail").text
    with mailer:
        mailer.send(hostile_letter(), "ada@example.org")
    listed = get(sandbox, "/mail")
    assert "&lt;b&gt;Hello&lt;/b&gt;" in listed.text
    assert "interview.ics" in listed.text
    shown = get(sandbox, "/mail/1")
    assert "<iframe sandbox title=" in shown.text
    assert "plain &lt;i&gt;text&lt;/i&gt;" in shown.text
    assert "BEGIN:VCALENDAR" in shown.text
    for page in (listed, shown):
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "script-src" not in page.headers["Content-Security-Policy"]
    rich = get(sandbox, "/mail/1/html")
    assert rich.headers["Content-Security-Policy"].endswith("sandbox")
    assert "src='/mail/1/part/1'" in rich.text
    assert get(sandbox, "/mail/1/text").text.strip() == "plain <i>text</i>"
    assert "multipart/mixed" in get(sandbox, "/mail/1/raw").text
    attached = get(sandbox, "/mail/1/part/0")
    assert attached.headers["Content-Disposition"] == "attachment; filename=interview.ics"
    assert attached.content.startswith(b"BEGIN:VCALENDAR")
    assert get(sandbox, "/mail/1/part/1").headers["Content-Type"] == "image/png"
    found = get(sandbox, "/mail.json").json()["messages"]
    assert [(each["number"], each["subject"]) for each in found] == [(1, "<b>Hello</b>")]


@pytest.mark.parametrize("path", ["/mail/2", "/mail/2/raw", "/mail/x", "/mail/1/part/9", "/mailer"])
def test_what_is_not_there_is_not_found(sandbox: Sandbox, mailer: Mailer, path: str) -> None:
    with mailer:
        mailer.send(hostile_letter(), "ada@example.org")
    assert get(sandbox, path).status_code == 404


def test_the_mailbox_is_read_only_and_for_this_machine(sandbox: Sandbox) -> None:
    answer = requests.post(f"{sandbox.place.url}/mail", timeout=5)
    assert answer.status_code == 405
    assert get(sandbox, "/mail", headers={"Host": "evil.example"}).status_code == 403


def test_faults_of_the_mail_server_are_ordered_over_http(sandbox: Sandbox, mailer: Mailer) -> None:
    url = f"{sandbox.place.url}/_sandbox/faults"
    fault = {"kind": "status", "status": 550, "match": "SMTP RCPT", "said": "5.1.1 nobody"}
    assert requests.post(url, json=fault, timeout=5).status_code == 200
    with mailer, pytest.raises(RefusedMail, match=r"550 5\.1\.1 nobody"):
        mailer.send(hostile_letter(), "ada@example.org")
    elsewhere = {"kind": "status", "status": 550, "match": "GET /v4"}
    answer = requests.post(url, json=elsewhere, timeout=5)
    assert answer.status_code == 400
    assert "SMTP" in answer.json()["error"]["message"]


def test_mail_survives_a_restart_and_the_oldest_goes_first(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("mailbox")
    first = Mailbox(folder)
    for _ in range(MOST_MESSAGES + 3):
        first.take(b"Subject: x\r\n\r\nx", "a@example.org", ["b@example.org"], NOW)
    numbers = [each.number for each in Mailbox(folder).envelopes()]
    assert (numbers[0], len(numbers)) == (4, MOST_MESSAGES)
