"""Whom a profile link names, however it is written."""

from __future__ import annotations

import pytest

from jobs.recruiting.enrichment.links import Profile, github_profile, linkedin_profile


@pytest.mark.parametrize(
    ("link", "login"),
    [
        ("https://github.com/ada", "ada"),
        ("http://www.github.com/Ada-Lovelace/", "Ada-Lovelace"),
        ("github.com/ada/engine/tree/main?x=1#readme", "ada"),
        ("https://gist.github.com/ada/12345", "ada"),
        ("https://github.com/@ada", "ada"),
        ("https://github.com/ada_company", "ada_company"),
    ],
)
def test_a_github_link_names_an_account(link: str, login: str) -> None:
    assert github_profile(link) == Profile(login, f"https://github.com/{login}")


@pytest.mark.parametrize(
    "link",
    [
        "https://github.com",
        "https://github.com/orgs/example",
        "https://github.com/features",
        "https://github.com/-ada",
        "https://github.com/ada--love",
        f"https://github.com/{'a' * 41}",
        "https://github.com/ada%2F..%2Fuser",
        "https://github.com/../user",
        "https://gitlab.com/ada",
        "https://github.com.example.org/ada",
    ],
)
def test_other_github_links_name_nobody(link: str) -> None:
    assert github_profile(link) is None


@pytest.mark.parametrize(
    ("link", "handle"),
    [
        ("https://www.linkedin.com/in/ada-lovelace", "ada-lovelace"),
        ("https://de.linkedin.com/in/Ada-Lovelace/en?trk=x", "ada-lovelace"),
        ("linkedin.com/in/ada-lovelace/", "ada-lovelace"),
        ("https://linkedin.com/in/s%C3%B8ren-1", "søren-1"),
    ],
)
def test_a_linkedin_link_names_a_person(link: str, handle: str) -> None:
    assert linkedin_profile(link) == Profile(handle, f"https://www.linkedin.com/in/{handle}")


@pytest.mark.parametrize(
    "link",
    [
        "https://www.linkedin.com/company/example",
        "https://www.linkedin.com/in/",
        "https://www.linkedin.com/in/a",
        "https://www.linkedin.com/in/ada%2F..",
        "https://www.linkedin.com/pub/ada/1/2/3",
        "https://notlinkedin.com/in/ada",
        "https://linkedin.com.example.org/in/ada",
    ],
)
def test_other_linkedin_links_name_nobody(link: str) -> None:
    assert linkedin_profile(link) is None
