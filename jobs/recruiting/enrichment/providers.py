"""Which provider is asked about which link, by the settings."""

from __future__ import annotations

from collections.abc import Mapping

from app import Invalid, Skip, current_settings
from jobs.services.github import GITHUB, GitHub
from jobs.services.json_http import checked_url
from jobs.services.lookups import Clock, Provider, Skipping
from jobs.services.people_data_labs import PDL, PeopleDataLabs
from jobs.services.resume_url import ResumeUrl

LINKEDIN_PROVIDERS = ("pdl", "resume_url", "none")
NOT_CONFIGURED = "not configured: set GITHUB_TOKEN, or LINKEDIN_PROVIDER and PDL_API_KEY"


def open_providers(clock: Clock, most_credits: int) -> Mapping[str, Provider]:
    """Return the provider for each site, without asking any yet.

    Raises Skip when none is configured: nobody has decided then that anything about applicants
    leaves the house. Raises Invalid for a setting that makes no sense.
    """
    providers = {"GitHub": _github(clock), "LinkedIn": _linkedin(clock, most_credits)}
    if all(isinstance(provider, Skipping) for provider in providers.values()):
        raise Skip(NOT_CONFIGURED)
    return providers


def _github(clock: Clock) -> Provider:
    """GITHUB_URL alone is enough: public data can be read without a token, slowly."""
    settings = current_settings()
    token, url = settings.service("GITHUB_TOKEN"), settings.service("GITHUB_URL")
    if not token and not url:
        return Skipping("github", "not configured: set GITHUB_TOKEN")
    return GitHub(checked_url("GITHUB_URL", url or GITHUB), token, clock)


def _linkedin(clock: Clock, most_credits: int) -> Provider:
    settings = current_settings()
    chosen = settings.service("LINKEDIN_PROVIDER", "none")
    if chosen not in LINKEDIN_PROVIDERS:
        known = ", ".join(LINKEDIN_PROVIDERS)
        raise Invalid(f"LINKEDIN_PROVIDER={chosen} is not known: use one of {known}.")
    if chosen == "none":
        return Skipping("none", "not configured: set LINKEDIN_PROVIDER")
    if chosen == "resume_url":
        return ResumeUrl(clock)
    key = settings.service("PDL_API_KEY")
    if not key:
        return Skipping("pdl", "not configured: set PDL_API_KEY")
    url = checked_url("PDL_URL", settings.service("PDL_URL", PDL))
    return PeopleDataLabs(url, key, clock, most_credits)
