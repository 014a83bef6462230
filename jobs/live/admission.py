"""Who is at the door: where the socket was opened from, and whose session it carries."""

from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import Any, TypeAlias, cast

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from jobs.models import ApiToken, SocketTicket
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


@dataclass(frozen=True)
class Credential:
    """By what a socket was opened: a session, or the token of a program; or by nothing."""

    session_key: str | None = None
    token_id: int | None = None


def credential(scope: Scope) -> Credential:
    """What the ticket stands for, which is used up now, or else the cookie."""
    request = as_request(scope)
    text = request.GET.get("ticket")
    if text is None:
        return Credential(session_key=request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    ticket = SocketTicket.objects.take(text)
    return Credential(ticket.session_key, ticket.token_id) if ticket else Credential()


def person_of(credential: Credential) -> Person | None:
    """Whom it stands for, as the database knows them now; None if for nobody, or when the
    session or token has ended."""
    if credential.token_id is not None:
        token = ApiToken.objects.valid().select_related("user").filter(pk=credential.token_id)
        return cast(Person, found.user) if (found := token.first()) else None
    return _of_session(credential.session_key) if credential.session_key else None


def _of_session(key: str) -> Person | None:
    request = HttpRequest()
    request.session = session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    # After a change of SECRET_KEY Django gives the session a new key, and here is no cookie
    # in which a browser would learn of it.
    session.cycle_key = lambda: None
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
