"""Secrets are masked wherever something is told: in logs, results, errors, pages, the audit.

Three things are recognised: values this process knows to be secret (from its settings), values
that stand under the name of a secret, and the shapes in which credentials are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from app.settings import SECRET_NAME, Settings

MASK = "***"
# A shorter value would be found inside ordinary words.
SHORTEST_KNOWN = 6
# Deeper than this nobody wrote it, and nobody reads it.
DEEPEST = 100
TOO_DEEP = "(nested too deep to be shown)"

_NAMES = (
    r"pass(?:word|wd|phrase|code)|secret(?!ar)|token(?!i[sz])|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|authorization|credential|cookie|\bpwd|sign_?in_?key"
)
_NAME = re.compile(_NAMES, re.IGNORECASE)
_BARE_NAMES = frozenset({"pass", "pwd", "pw", "pin", "key", "dsn", "bearer", "jwt"})
# What is counted, dated or named under such a name is no secret itself.
_HARMLESS = re.compile(
    r"(?i)(?:tokens|count|used|limit|length|size|seconds|age|ttl|_at|_id|_name)$"
)

# Text in quotes, also where a document stands inside another and its quotes are escaped.
_QUOTED = r"""[bru]{0,2}"(?:[^"\\]|\\.)*"?|[bru]{0,2}'(?:[^'\\]|\\.)*'?|\\{1,3}"[^"]*"?"""
_VALUE = (
    rf"(?:{_QUOTED}|[\[({{][^\])}}]*[\])}}]?"
    r"|(?:bearer|basic|digest|token)\s+[^\s\"',;]+"
    r"|(?:[^\s\"'&;,<>\\]|,(?=\S))+)"
)
_EQUALS = r"(?:=>|=|:\s?(?:str|bytes|SecretStr)(?:\s?\|\s?None)?\s?=|:(?!:))"
_PAIR = re.compile(
    rf"((?:{_NAMES})(?:s|[_-]\w{{1,30}})?\\{{0,3}}[\"']?\]?\s{{0,3}}{_EQUALS}\s{{0,3}})({_VALUE})",
    re.IGNORECASE,
)
_QUERY = re.compile(r"([?&](?:key|auth|pwd|pass)=)[^\s&#\"'<>]+", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_USER_INFO = re.compile(r"://(?:([^\s/?#@:'\"<>]{0,256}):)?[^\s/?#'\"<>]{1,1024}@")
_SHAPES = re.compile(
    r"\brota_[\w-]{20,}|\bgh[opusr]_\w{20,}|\bgithub_pat_\w{20,}|\bxox[abprs]-[\w-]{10,}"
    r"|\bAKIA[A-Z0-9]{16}\b|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
)
_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
_QUOTE_MARK = re.compile(r"[bru]{0,2}(\\{0,3}[\"'])")
_SHAPE_HINTS = ("rota_", "gh", "xox", "AKIA", "eyJ")
_NAME_HINTS = ("pass", "pwd", "secret", "token", "key", "auth", "credential", "cookie", "bearer")

_known: tuple[str, ...] = ()


def learn(settings: Settings) -> None:
    """Let this process recognise the secrets of its settings from now on."""
    learn_values(_secrets(settings))


def learn_values(values: Iterable[str]) -> None:
    """Let this process recognise further secrets, in the spellings in which they are told."""
    global _known
    found = set(_known)
    for value in values:
        found |= {form for form in _spellings(value) if len(form) >= SHORTEST_KNOWN}
    _known = tuple(sorted(found, key=lambda text: (-len(text), text)))


def mask_text(text: str) -> str:
    """Return the text without its secrets."""
    for secret in _known:
        if secret in text:
            text = text.replace(secret, MASK)
    folded = text.lower()
    if any(hint in folded for hint in _NAME_HINTS):
        text = _PEM.sub(rf"-----BEGIN \1-----{MASK}", text)
        text = _PAIR.sub(_hidden, text)
        text = _QUERY.sub(rf"\1{MASK}", text)
        text = _BEARER.sub(rf"\1{MASK}", text)
    if "@" in text and "://" in text:
        text = _USER_INFO.sub(_without_password, text)
    if any(hint in text for hint in _SHAPE_HINTS):
        text = _SHAPES.sub(MASK, text)
    return text


def mask(value: Any, deep: int = 0) -> Any:
    """Return a JSON value without its secrets: by name where it has names, else as text."""
    if isinstance(value, str):
        return mask_text(value)
    if deep > DEEPEST and isinstance(value, Mapping | list | tuple):
        return TOO_DEEP
    if isinstance(value, Mapping):
        return {mask_text(str(name)): _entry(str(name), value[name], deep) for name in value}
    if isinstance(value, list | tuple):
        return [mask(item, deep + 1) for item in value]
    return value


def unmask(given: Mapping[str, Any], original: Mapping[str, Any]) -> dict[str, Any]:
    """Return `given`, with what came back as it was shown masked replaced by what it hid."""
    shown = mask(dict(original))
    return {
        name: original[name] if name in original and value == shown.get(name) else value
        for name, value in given.items()
    }


def is_secret_name(name: str) -> bool:
    """Tell whether what stands under this name is a secret."""
    return name.lower() in _BARE_NAMES or _NAME.search(name) is not None


def _entry(name: str, value: Any, deep: int) -> Any:
    if value is None or isinstance(value, bool) or value == "" or not is_secret_name(name):
        return mask(value, deep + 1)
    if _HARMLESS.search(name) and not isinstance(value, str | Mapping | list | tuple):
        return value
    return MASK


def _hidden(match: re.Match[str]) -> str:
    value: str = match[2]
    marks = _QUOTE_MARK.match(value)
    return f"{match[1]}{marks[1]}{MASK}{marks[1]}" if marks else f"{match[1]}{MASK}"


def _without_password(match: re.Match[str]) -> str:
    return f"://{match[1]}:{MASK}@" if match[1] is not None else f"://{MASK}@"


def _secrets(settings: Settings) -> list[str]:
    found = [settings.secret_key, settings.sign_in_key]
    found += [one.secret for one in (*settings.console_users, *settings.api_tokens)]
    found += [_password(settings.redis_url), _password(settings.database_url)]
    for name, value in settings.services.items():
        if name == "GOOGLE_SERVICE_ACCOUNT":
            found += _private_key(value)
        elif SECRET_NAME.search(name):
            found.append(value)
        else:
            found.append(_password(value))
    return found


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        # No URL, or one that whoever uses it will complain about.
        return ""


def _private_key(document: str) -> list[str]:
    """Return the key and each of its lines: a traceback or a log shows it line by line."""
    try:
        account = json.loads(document)
    except ValueError:
        # A path: the task that reads the file holds the key, and its shape tells it.
        return []
    key = str(account.get("private_key", "")) if isinstance(account, dict) else ""
    lines = [line for line in key.splitlines() if len(line) >= 16 and not line.startswith("---")]
    return [key.strip(), str(account.get("private_key_id", "")) if key else "", *lines]


def _spellings(secret: str) -> set[str]:
    """Return a secret as it is, in a URL, in JSON, and in Python's own notation."""
    decoded = unquote(secret)
    forms = {secret, decoded, quote(decoded, safe=""), quote(decoded)}
    forms |= {json.dumps(form)[1:-1] for form in (secret, decoded)}
    return forms | {repr(form)[1:-1] for form in (secret, decoded)}
