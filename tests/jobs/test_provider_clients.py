"""What the clients send, and how they take strange answers, on a server that says anything."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from jobs.services.github import GitHub
from jobs.services.json_http import JsonHTTP, Trouble, checked_url
from jobs.services.lookups import Field, Lookup, Query
from jobs.services.people_data_labs import WANTED, PeopleDataLabs
from jobs.services.retrying import Patience
from tests.jobs.candidates import NOW
from tests.jobs.enriching import Clock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ONCE = Patience(attempts=1)
ADA = Query("ada", "https://github.com/ada", NOW)


class Anything:
    """Answers what the test says, path by path, and keeps the requests."""

    def __init__(self) -> None:
        self.answers: dict[str, Response] = {}
        self.requests: list[Request] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        self.requests.append(request)
        return self.answers.get(request.path, Response(status=404))(environ, start_response)


@pytest.fixture
def service() -> Iterator[tuple[Anything, str]]:
    app = Anything()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield app, f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


Service = tuple[Anything, str]


def json(text: str, status: int = 200, **headers: str) -> Response:
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(text, status, found, content_type="application/json")


def github(url: str) -> GitHub:
    return GitHub(url, "t", Clock(NOW), ONCE, (1.0, 1.0))


def pdl(url: str) -> PeopleDataLabs:
    return PeopleDataLabs(url, "k", Clock(NOW), 10, ONCE, (1.0, 1.0))


def test_github_is_asked_with_version_and_token_in_headers(service: Service) -> None:
    app, url = service
    github(url).lookup(ADA)
    (request,) = app.requests
    assert request.full_path == "/users/ada?"
    assert request.headers["Authorization"] == "Bearer t"
    assert request.headers["X-GitHub-Api-Version"] == "2022-11-28"
    assert request.headers["Accept"] == "application/vnd.github+json"
    assert request.headers["User-Agent"] == "rota-recruiting"


def test_a_netrc_file_does_not_replace_the_token(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    app, url = service
    github(url).lookup(ADA)
    assert app.requests[0].headers["Authorization"] == "Bearer t"


def test_pdl_gets_the_key_in_a_header_and_is_asked_for_no_contact_details(
    service: Service,
) -> None:
    app, url = service
    pdl(url).lookup(ADA)
    (request,) = app.requests
    assert request.headers["X-Api-Key"] == "k"
    assert set(request.args) == {"profile", "min_likelihood", "data_include"}
    assert request.args["profile"] == "linkedin.com/in/ada"
    assert not [name for name in WANTED if "mail" in name or "phone" in name]


def test_known_content_is_asked_for_by_its_etag(service: Service) -> None:
    app, url = service
    known = {"login": Field("ada", "github", f"{url}/users/ada", NOW, NOW, 1.0, "b", 'W/"1"')}
    github(url).lookup(Query("ada", ADA.url, NOW, known))
    assert app.requests[0].headers["If-None-Match"] == 'W/"1"'


@pytest.mark.parametrize("where", ["https://example.org/users/ada", "//example.org/x", ""])
def test_a_redirect_to_another_site_is_not_followed(service: Service, where: str) -> None:
    app, url = service
    app.answers["/users/ada"] = json("{}", 301, Location=where)
    found = github(url).lookup(ADA)
    assert (found.outcome, len(app.requests)) == ("unavailable", 1)


def test_redirects_end(service: Service) -> None:
    app, url = service
    app.answers["/users/ada"] = json("{}", 302, Location=f"{url}/users/ada")
    found = github(url).lookup(ADA)
    assert (found.outcome, found.reason) == ("unavailable", "it redirects without end")
    assert len(app.requests) == 4


LIMITS: list[tuple[Response, int]] = [
    (json('{"message": "m"}', 429), 60),
    (json('{"message": "m"}', 429, Retry_After="600"), 600),
    (json('{"message": "secondary rate limit"}', 403), 60),
    (json('{"message": "m"}', 403, x_ratelimit_remaining="0", x_ratelimit_reset="1795511400"), 601),
]


@pytest.mark.parametrize(("answer", "seconds"), LIMITS)
def test_each_form_of_githubs_limits_is_understood(
    service: Service, answer: Response, seconds: int
) -> None:
    app, url = service
    app.answers["/users/ada"] = answer
    found = github(url).lookup(ADA)
    assert (found.outcome, found.retry_at) == ("rate_limited", NOW + timedelta(seconds=seconds))


def test_after_the_last_request_of_the_hour_none_is_sent(service: Service) -> None:
    app, url = service
    limit = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1795511400"}
    app.answers["/users/ada"] = json('{"login": "ada", "type": "User"}', 200, **limit)
    client = github(url)
    assert client.lookup(ADA).outcome == "rate_limited"
    assert client.lookup(ADA).outcome == "rate_limited"
    assert len(app.requests) == 1


STRANGE = {
    "a list": "[]",
    "null": "null",
    "text": '"x"',
    "an account without a login": '{"type": "User"}',
    "a cut answer": '{"login": "ad',
    "nothing": "",
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE.keys())
@pytest.mark.parametrize("client", [github, pdl], ids=["github", "pdl"])
def test_an_answer_that_makes_no_sense_is_no_answer(
    service: Service, client: Callable[[str], Any], text: str
) -> None:
    app, url = service
    app.answers["/users/ada"] = app.answers["/v5/person/enrich"] = json(text)
    assert client(url).lookup(ADA).outcome == "unavailable"


def test_strange_values_in_an_account_do_not_matter(service: Service) -> None:
    app, url = service
    app.answers["/users/ada"] = json(
        '{"login": "ada", "type": "User", "html_url": "u", "created_at": "soon", '
        '"name": "A\\u0000d\\ud800a", "followers": NaN, "bio": "' + "x" * 9_000 + '"}'
    )
    app.answers["/users/ada/repos"] = json(
        '[1, null, {"name": "a", "stargazers_count": "many", "language": 7}]'
    )
    found = github(url).lookup(ADA)
    assert found.outcome == "matched"
    assert found.fields["name"].value == "A?d?a"
    assert "followers" not in found.fields
    assert len(found.fields["bio"].value) == 500
    assert found.fields["stars"].value == 0


def test_strange_values_in_a_person_do_not_matter(service: Service) -> None:
    app, url = service
    app.answers["/v5/person/enrich"] = json(
        '{"status": 200, "likelihood": 9, "data": {"skills": "python", "experience": '
        '[null, {"company": "c", "title": {"name": "t"}}], "education": {"school": 1}}}',
        x_call_credits_spent="a lot",
    )
    found = pdl(url).lookup(ADA)
    assert (found.outcome, found.credits) == ("matched", 1)
    assert found.fields["experience"].value == [{"title": "t"}]


def test_a_404_that_is_not_the_providers_own_is_no_answer(service: Service) -> None:
    app, url = service
    app.answers["/v5/person/enrich"] = json('{"message": "no route"}', 404)
    assert pdl(url).lookup(ADA).outcome == "unavailable"
    app.answers["/v5/person/enrich"] = Response("<html>", 404)
    assert pdl(url).lookup(ADA).outcome == "unavailable"
    app.answers["/users/ada"] = Response("<html>", 404)
    assert github(url).lookup(ADA).outcome == "unavailable"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, "invalid"), (401, "auth_failed"), (402, "quota_exhausted"), (405, "unavailable")],
)
def test_each_status_of_pdl_has_its_outcome(service: Service, status: int, outcome: str) -> None:
    app, url = service
    body = '{"status": 4, "error": {"type": ["a"], "message": "why"}}'
    app.answers["/v5/person/enrich"] = json(body, status)
    found = pdl(url).lookup(ADA)
    assert (found.outcome, found.credits) == (outcome, 0)
    assert "why" in found.reason


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x_ratelimit_reset": "2026-11-24T09:00:40Z"}, 40),
        ({"x_ratelimit_reset": "1795510840"}, 40),
        ({"x_ratelimit_reset": "2026-11-24T08:00:00Z"}, 1),
        ({"x_ratelimit_reset": "soon"}, 60),
        ({"Retry_After": "17"}, 17),
        ({}, 60),
    ],
)
def test_the_end_of_pdls_minute_is_understood(
    service: Service, headers: dict[str, str], seconds: int
) -> None:
    app, url = service
    app.answers["/v5/person/enrich"] = json('{"status": 429, "error": {}}', 429, **headers)
    found = pdl(url).lookup(ADA)
    assert (found.outcome, found.retry_at) == ("rate_limited", NOW + timedelta(seconds=seconds))


def test_a_match_with_another_profile_is_doubtful(service: Service) -> None:
    app, url = service
    app.answers["/v5/person/enrich"] = json(
        '{"status": 200, "likelihood": 10, "data": {"linkedin_url": "linkedin.com/in/eve"}}'
    )
    found: Lookup = pdl(url).lookup(ADA)
    assert found.outcome == "low_confidence"
    assert found.reason == "the match has another profile: linkedin.com/in/eve"


def test_a_wait_that_is_no_blip_is_left_to_the_caller(service: Service) -> None:
    app, url = service
    app.answers["/x"] = json("{}", 503, Retry_After="600")
    waits: list[float] = []
    http = JsonHTTP("Any", url, {}, Patience(sleep=waits.append))
    found = http.get("/x")
    assert isinstance(found, Trouble)
    assert (found.retry_after, waits, http.calls) == (600.0, [], 1)
    http.close()


def test_credentials_are_not_sent_in_plain_text_to_another_machine() -> None:
    assert checked_url("PDL_URL", "http://127.0.0.1:1/pdl")
    with pytest.raises(Exception, match=r"PDL_URL=http://example.org must be https://"):
        checked_url("PDL_URL", "http://example.org")
