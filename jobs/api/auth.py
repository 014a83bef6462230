"""Who asks: the holder of a token, or a person with a session (and its CSRF token)."""

import threading
import time
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import AuthenticationError
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from jobs import permissions
from jobs.conf import configuration
from jobs.models import ApiToken, Scope

from .errors import Refusal

_MOST_PEOPLE = 10_000


class Token(AuthBase):
    """`Authorization: Bearer …`, with the scope that the address needs."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, *scopes: Scope) -> None:
        super().__init__()
        self.scopes = scopes

    def __call__(self, request: HttpRequest) -> permissions.Person | None:
        kind, _space, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        token = ApiToken.objects.holding(text.strip())
        if token is None:
            # A session beside it does not count: who sends a token means the token.
            raise AuthenticationError
        _refuse_beyond_scopes(token, *self.scopes)
        token.note_use()
        request.user = token.user
        cast(Any, request).token = token
        return _paced(cast(permissions.Person, token.user))


class Session(AuthBase):
    """The cookie of a browser; what changes something needs `X-CSRFToken` too."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> permissions.Person | None:
        if not request.user.is_authenticated or not request.user.is_active:
            return None
        if check_csrf(request):
            raise Refusal(403, "csrf", _("The CSRF token is missing or wrong."))
        return _paced(cast(permissions.Person, request.user))


def scoped(*scopes: Scope) -> list[AuthBase]:
    """Either way in; a token needs all of `scopes`."""
    return [Token(*scopes), Session()]


READ = scoped(Scope.READ)
RUN = scoped(Scope.RUN)
CONTROL = scoped(Scope.CONTROL)


def require(request: HttpRequest, *scopes: Scope) -> None:
    """What only some wishes at an address need; a session has all scopes."""
    token: ApiToken | None = getattr(request, "token", None)
    if token is not None:
        _refuse_beyond_scopes(token, *scopes)


def _refuse_beyond_scopes(token: ApiToken, *scopes: Scope) -> None:
    missing = [scope.value for scope in scopes if scope not in token.scopes]
    if missing:
        told = _("This token lacks the scope “%(scope)s”.") % {"scope": missing[0]}
        raise Refusal(403, "scope", told)


def person(request: HttpRequest) -> permissions.Person:
    """Who asks."""
    return cast(permissions.Person, request.user)


class Pace:
    """For each person a bucket that fills evenly over a minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[Any, tuple[float, float]] = {}

    def wait(self, key: Any, per_minute: int) -> float:
        """Take one; or the seconds after which there is one again."""
        now, rate = time.monotonic(), per_minute / 60
        with self._lock:
            left, at = self._buckets.get(key, (float(per_minute), now))
            left = min(left + (now - at) * rate, float(per_minute))
            if left < 1:
                return (1 - left) / rate
            if len(self._buckets) >= _MOST_PEOPLE:
                self._buckets.clear()
            self._buckets[key] = left - 1, now
        return 0.0


pace = Pace()


def _paced(user: permissions.Person) -> permissions.Person:
    if seconds := pace.wait(user.pk, configuration().api_requests_per_minute):
        after = str(int(seconds) + 1)
        detail = _("You ask too often; wait %(n)s s.") % {"n": after}
        raise Refusal(429, "too_many", detail, Retry_After=after)
    return user
