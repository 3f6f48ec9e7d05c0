"""The sandbox's GitHub and People Data Labs answer as documented and refuse what is not listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests

from jobs.sandbox.faults import Fault
from jobs.sandbox.github_api import TOKEN_OF_THE_SANDBOX
from jobs.sandbox.github_people import KINDS, GitHubPeople
from jobs.sandbox.pdl_api import KEY_OF_THE_SANDBOX
from jobs.sandbox.pdl_people import UNKNOWN, UNSURE, PdlPeople
from jobs.sandbox.server import Sandbox

Ask = Callable[..., requests.Response]


@pytest.fixture
def github(sandbox: Sandbox) -> Ask:
    """Ask GitHub with a valid token."""
    sandbox.app.github.people.kinds.update(ada="user", gone="unknown", old="renamed")
    sandbox.app.github.people.kinds.update({"old-hq": "user", "firm": "organization"})

    def ask(path: str, method: str = "GET", **headers: str | None) -> requests.Response:
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(
            method,
            f"{sandbox.place.url}/github{path}",
            headers={"Authorization": f"Bearer {TOKEN_OF_THE_SANDBOX}", **own},
            timeout=5,
            allow_redirects=False,
        )

    return ask


@pytest.fixture
def pdl(sandbox: Sandbox) -> Ask:
    """Ask People Data Labs with a valid key."""
    sandbox.app.pdl.people.likelihoods.update(ada=9, gone=0, doubt=4)

    def ask(method: str = "GET", key: str = KEY_OF_THE_SANDBOX, **also: Any) -> requests.Response:
        url = f"{sandbox.place.url}/pdl/v5/person/enrich"
        return requests.request(method, url, headers={"X-Api-Key": key}, timeout=5, **also)

    return ask


def test_an_account_is_the_same_every_time_and_counted(github: Ask) -> None:
    first, second = github("/users/ada"), github("/users/Ada")
    assert first.json() == second.json()
    assert (first.json()["login"], first.json()["type"]) == ("ada", "User")
    assert first.headers["x-ratelimit-limit"] == "5000"
    assert second.headers["x-ratelimit-remaining"] == "4998"
    assert second.headers["x-ratelimit-resource"] == "core"


def test_known_content_is_304_and_costs_nothing_with_a_token_only(github: Ask) -> None:
    etag = github("/users/ada").headers["ETag"]
    known = github("/users/ada", If_None_Match=etag)
    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["x-ratelimit-used"] == "1"
    anonymous = github("/users/ada", If_None_Match=etag, Authorization=None)
    assert (anonymous.status_code, anonymous.headers["x-ratelimit-used"]) == (304, "1")


def test_a_renamed_account_redirects_to_its_number(github: Ask) -> None:
    moved = github("/users/old")
    assert moved.status_code == 301
    path = moved.headers["Location"].partition("/github")[2]
    assert github(path).json()["login"] == "old-hq"


def test_repositories_come_sorted_and_in_pages(github: Ask) -> None:
    found = github("/users/ada/repos?sort=pushed&per_page=100").json()
    pushed = [repository["pushed_at"] for repository in found]
    assert pushed == sorted(pushed, reverse=True)
    pages = [github(f"/users/ada/repos?sort=pushed&per_page=2&page={n}").json() for n in (1, 2)]
    assert [*pages[0], *pages[1]] == found[:4]


@pytest.mark.parametrize(
    ("path", "also", "status", "said"),
    [
        ("/users/gone", {}, 404, "Not Found"),
        ("/users/ada/followers", {}, 404, "Not Found"),
        ("/search/users", {}, 404, "Not Found"),
        ("/user/1", {}, 404, "Not Found"),
        ("/users/ada?fields=x", {}, 422, "fields is no parameter"),
        ("/users/ada/repos?sort=stars", {}, 422, "sort is one of created"),
        ("/users/ada/repos?per_page=0", {}, 422, "per_page is a number from 1"),
        ("/users/ada", {"method": "DELETE"}, 404, "Not Found"),
        ("/users/ada", {"X_GitHub_Api_Version": "2020-01-01"}, 400, "Unsupported"),
        ("/users/ada", {"Authorization": "Bearer wrong"}, 401, "Bad credentials"),
        ("/users/ada", {"User_Agent": ""}, 403, "administrative rules"),
    ],
)
def test_github_refuses_what_it_does_not_list(
    github: Ask, path: str, also: dict[str, str], status: int, said: str
) -> None:
    answer = github(path, **also)
    assert answer.status_code == status
    assert said in answer.json()["message"]


def test_without_a_token_there_are_60_requests_an_hour(github: Ask, sandbox: Sandbox) -> None:
    sandbox.app.github.windows["anonymous"].limit = 2
    statuses = [github("/users/ada", Authorization=None).status_code for _ in range(3)]
    refused = github("/users/ada", Authorization=None)
    assert statuses == [200, 200, 403]
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert "rate limit exceeded" in refused.json()["message"]
    limits = github("/rate_limit", Authorization=None).json()["rate"]
    assert (limits["limit"], limits["remaining"]) == (2, 0)
    sandbox.app.github.clock = lambda: limits["reset"] + 1
    assert github("/users/ada", Authorization=None).status_code == 200


def test_a_fault_of_github_is_its_secondary_limit(github: Ask, sandbox: Sandbox) -> None:
    sandbox.app.faults.add(Fault("status", match="/github", status=403, retry_after="9"))
    refused = github("/users/ada")
    assert (refused.status_code, refused.headers["Retry-After"]) == (403, "9")
    assert "secondary rate limit" in refused.json()["message"]


def test_a_match_costs_a_credit_and_nobody_costs_none(pdl: Ask, sandbox: Sandbox) -> None:
    found = pdl(params={"profile": "linkedin.com/in/ada"})
    assert (found.status_code, found.json()["likelihood"]) == (200, 9)
    assert found.headers["x-call-credits-spent"] == "1"
    nobody = pdl(params={"profile": "linkedin.com/in/gone"})
    assert (nobody.status_code, nobody.json()["error"]["type"]) == (404, "not_found")
    assert nobody.headers["x-call-credits-spent"] == "0"
    assert sandbox.app.pdl.spent == 1


def test_below_the_likelihood_asked_for_there_is_no_match(pdl: Ask) -> None:
    asked = {"profile": "linkedin.com/in/doubt"}
    assert pdl(params={**asked, "min_likelihood": "5"}).status_code == 404
    assert pdl(params={**asked, "min_likelihood": "4"}).status_code == 200


def test_only_the_fields_asked_for_come(pdl: Ask) -> None:
    asked = {"profile": "linkedin.com/in/ada"}
    some = pdl(params={**asked, "data_include": "job_title,skills"}).json()["data"]
    assert set(some) == {"job_title", "skills"}
    others = pdl(params={**asked, "data_include": "-skills"}).json()["data"]
    assert "skills" not in others
    assert "job_title" in others


def test_a_question_may_come_as_a_body(pdl: Ask) -> None:
    assert pdl("POST", json={"profile": ["linkedin.com/in/ada"]}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "status", "kind"),
    [
        ({"params": {"profile": "x", "shout": "1"}}, 400, "invalid_request_error"),
        ({"params": {"name": "Ada"}}, 400, "invalid_request_error"),
        ({"params": {"profile": "x", "min_likelihood": "11"}}, 400, "invalid_request_error"),
        ({"key": "wrong", "params": {"profile": "x"}}, 401, "authentication_error"),
        ({"method": "DELETE", "params": {"profile": "x"}}, 405, "invalid_request_error"),
        ({"params": {"profile": "linkedin.com/company/x"}}, 404, "not_found"),
    ],
)
def test_pdl_refuses_what_it_does_not_list(
    pdl: Ask, asked: dict[str, Any], status: int, kind: str
) -> None:
    answer = pdl(**asked)
    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert answer.json()["error"]["type"] == kind


def test_the_minute_and_the_credits_end(pdl: Ask, sandbox: Sandbox) -> None:
    sandbox.app.pdl.a_minute, sandbox.app.pdl.credits = 3, 1
    asked = {"params": {"profile": "linkedin.com/in/ada"}}
    statuses = [pdl(**asked).status_code for _ in range(4)]
    assert statuses == [200, 402, 402, 429]
    last = pdl(**asked)
    assert last.headers["x-totallimit-remaining"] == "0"
    assert last.headers["x-ratelimit-remaining"] == "{'minute': 0, 'day': None, 'month': None}"
    assert last.headers["x-ratelimit-reset"].endswith("Z")


def test_a_lost_answer_costs_its_credit(pdl: Ask, sandbox: Sandbox) -> None:
    sandbox.app.faults.add(Fault("reset", match="/pdl", after_commit=True))
    with pytest.raises(requests.ConnectionError):
        pdl(params={"profile": "linkedin.com/in/ada"})
    assert sandbox.app.pdl.spent == 1


def test_the_stated_shares_hold() -> None:
    many = 4_000
    github = Counter(GitHubPeople().kind(f"person-{n}") for n in range(many))
    for kind, share in KINDS.items():
        assert abs(github[kind] / many - share) < 0.015, kind
    likelihoods = [PdlPeople().likelihood(f"person-{n}") for n in range(many)]
    assert abs(likelihoods.count(0) / many - UNKNOWN) < 0.02
    assert abs(sum(3 <= found <= 5 for found in likelihoods) / many - UNSURE) < 0.02
