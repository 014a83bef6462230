"""Who is at the door: where the socket was opened from, and whose session it carries."""

from importlib import import_module
from io import BytesIO
from typing import Any, TypeAlias, cast

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest

from jobs.permissions import Person

Scope: TypeAlias = dict[str, Any]

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def may_come_from_here(scope: Scope) -> bool:
    """Whether the page that opened the socket is ours, by scheme, host and port.

    A browser sends `Origin` with every WebSocket and no page can change that; a client
    that sends none is no browser, and nobody's cookies but its own are at stake. `null`
    and everything else that is not exactly ours is refused, whatever ALLOWED_HOSTS says.
    """
    request = as_request(scope)
    try:
        own = _without_default_port(str(request.scheme), request.get_host().lower())
    except DisallowedHost:
        return False
    given = [value for name, value in scope["headers"] if name.lower() == b"origin"]
    if not given:
        return True
    return len(given) == 1 and given[0].decode("latin-1") in {own, *_trusted()}


def visitor(scope: Scope) -> Person | None:
    """The person whose session it is, as the database knows them now; None if nobody's."""
    request = as_request(scope)
    sessions = import_module(settings.SESSION_ENGINE)
    request.session = sessions.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    user = cast(Person, get_user(request))
    return user if user.is_authenticated and user.is_active else None


def as_request(scope: Scope) -> ASGIRequest:
    """The handshake as Django reads it: its rules for hosts, proxies and cookies apply."""
    scheme = "https" if scope.get("scheme") in ("wss", "https") else "http"
    return ASGIRequest({**scope, "method": "GET", "scheme": scheme}, BytesIO())


def _without_default_port(scheme: str, host: str) -> str:
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS[scheme])}"


def _trusted() -> set[str]:
    """Origins that the site names. Patterns (`https://*.example.org`) do not count."""
    return {*settings.CSRF_TRUSTED_ORIGINS, *getattr(settings, "TRUSTED_ORIGINS", ())}
