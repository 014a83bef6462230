"""What a worker tells of its configuration, without what is secret in it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from celery import current_app
from celery.app.defaults import NAMESPACES, flatten
from django.conf import settings

from jobs import sanitize

LONGEST_VALUE = 2_000
_NAMES = re.compile(
    r"api|token|key|secret|pass|pwd|credential|signature|auth|dsn|cert|cookie|^args$|^kwargs$",
    re.IGNORECASE,
)
# `//user:password@host`, also with a slash in the password; `?password=…`.
_IN_ADDRESS = re.compile(r"(://(?:[^:/@\s]*:)?)\S*@")
_IN_QUERY = re.compile(r"((?:pass\w*|pwd|secret|token|\w*key|sig\w*|auth\w*)=)[^&;,\s]+", re.I)
_PLAIN = (bool, int, float, type(None))
_OPTIONS = frozenset(name.lower() for name, _option in flatten(NAMESPACES))
# Names that sound secret and hold a switch or a name.
_HARMLESS = frozenset({"task_default_routing_key"})


def configuration(told: Mapping[str, Any]) -> dict[str, Any]:
    """Celery's own options among what a worker tells, by the names that they have now. A site
    of Django tells all its settings: those are none of theirs."""
    named = {name.lower().removeprefix("celery_"): value for name, value in told.items()}
    return {name: masked(value, name) for name, value in named.items() if name in _OPTIONS}


def masked(value: Any, name: str = "") -> Any:
    """The same, with dots for each value whose name or shape is that of a secret, and for
    each secret of this site, wherever it stands."""
    hide = sanitize.masker(_own_secrets())
    return _masked(sanitize.json(value), name, hide)


def _masked(value: Any, name: str, hide: Any) -> Any:
    if _is_secret(name) and not isinstance(value, _PLAIN):
        return sanitize.HIDDEN
    if isinstance(value, Mapping):
        return {key: _masked(each, key, hide) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, "", hide) for each in value]
    return _text(value, hide) if isinstance(value, str) else value


def _is_secret(name: str) -> bool:
    return bool(_NAMES.search(name)) and name not in _HARMLESS


def _text(value: str, hide: Any) -> str:
    value = _IN_ADDRESS.sub(rf"\1{sanitize.HIDDEN}@", hide(value))
    return sanitize.text(_IN_QUERY.sub(rf"\1{sanitize.HIDDEN}", value), LONGEST_VALUE)


def _own_secrets() -> Iterator[str]:
    yield str(settings.SECRET_KEY)
    for database in settings.DATABASES.values():
        yield str(database.get("PASSWORD") or "")
    for url in (current_app.conf.broker_url, getattr(settings, "REDIS_URL", "")):
        if isinstance(url, str) and "@" in url:
            yield unquote(_password(url))


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""
