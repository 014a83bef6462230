"""Whatever goes wrong, in one shape: {"code", "detail", "fields"}."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import BaseModel

from jobs.dispatch.unique import NotUnique
from jobs.execution import policy
from jobs.models import Schedule
from jobs.params import Invalid
from jobs.params.invalid import worded
from jobs.reading.listing import NoSuchPlace
from jobs.scheduling.edit import OUTDATED, Outdated

from .answers import answer

log = logging.getLogger(__name__)

PARAMETERS = ("given", "asked")
"""What our views call the body and the query; not a part of any field's name."""


class Fault(BaseModel):
    """What every refusal says."""

    code: str
    detail: str
    fields: dict[str, list[str]]


_ANYWHERE = (400, 401, 403, 404, 405, 422, 429)


def may_answer(
    shape: Any, status: int = 200, others: Mapping[int, Any] | None = None
) -> dict[int, Any]:
    """For the schema: all that an address may answer."""
    return {status: shape, **(others or {}), **dict.fromkeys(_ANYWHERE, Fault)}


CONFLICT = {409: Fault}


class Refusal(Exception):
    """No, with a status, a code for programs and words for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        fields: Mapping[str, list[str]] | None = None,
        **headers: str,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.fields, self.headers = dict(fields or {}), headers

    def within(self, place: str) -> "Refusal":
        """The same about a part of what was sent."""
        fields = {f"{place}.{name}".rstrip("."): told for name, told in self.fields.items()}
        return Refusal(
            self.status,
            self.code,
            self.detail,
            fields or {place: [self.detail]},
            **self.headers,
        )


def refused(refusal: Refusal) -> HttpResponse:
    return answer(said(refusal), refusal.status, **refusal.headers)


def said(refusal: Refusal) -> dict[str, Any]:
    return {"code": refusal.code, "detail": refusal.detail, "fields": refusal.fields}


def invalid(fields: Mapping[str, list[str]]) -> Refusal:
    return Refusal(422, "invalid", _("Some of what was sent cannot be used."), fields)


def conflict(code: str, detail: str, fields: Mapping[str, list[str]] | None = None) -> Refusal:
    return Refusal(409, code, detail, fields)


def not_found() -> Refusal:
    return Refusal(404, "not_found", _("There is nothing here that you may see."))


def bad_request(detail: str) -> Refusal:
    return Refusal(400, "bad_request", detail)


def broken() -> Refusal:
    return Refusal(500, "broken", _("This failed, and it is our fault."))


def not_allowed(allow: str) -> Refusal:
    detail = _("This address does not know that method.")
    return Refusal(405, "method_not_allowed", detail, Allow=allow)


def connect(api: NinjaAPI) -> None:
    """Let `api` answer every exception in our shape."""
    for kind in _WORDS:
        api.add_exception_handler(kind, _told)
    api.add_exception_handler(Exception, _broken)


def refusal_of(wrong: Exception) -> Refusal | None:
    """What is said of an exception; None when it is a fault of ours."""
    # The nearest class in its family decides.
    words = next((_WORDS[kind] for kind in type(wrong).__mro__ if kind in _WORDS), None)
    return words(wrong) if words else None


def _told(request: HttpRequest, wrong: Any) -> HttpResponse:
    refusal = refusal_of(wrong)
    return refused(refusal) if refusal else _broken(request, wrong)


def _broken(request: HttpRequest, wrong: Any) -> HttpResponse:
    """A fault of ours: told in the log, to whoever listens, and not to the asker."""
    got_request_exception.send(sender=None, request=request)
    if isinstance(wrong, OperationalError | InterfaceError):
        log.error("The database does not answer: %s", wrong)
        detail = _("The database does not answer; try again.")
        return refused(Refusal(503, "unavailable", detail, Retry_After="5"))
    log.error("%s %s failed", request.method, request.path, exc_info=wrong)
    return refused(broken())


def _unauthenticated(wrong: Exception) -> Refusal:
    detail = _("Sign in, or send a valid token.")
    return Refusal(401, "not_signed_in", detail, WWW_Authenticate="Bearer")


def _unread(wrong: HttpError) -> Refusal:
    """Ninja wraps what our parser said."""
    cause = wrong.__cause__
    return cause if isinstance(cause, Refusal) else bad_request(str(wrong))


def _not_validated(wrong: ValidationError) -> Refusal:
    """pydantic's errors on the fields where they are; an address that cannot be is none."""
    if any(fault["loc"][0] == "path" for fault in wrong.errors):
        return not_found()
    fields: dict[str, list[str]] = {}
    for fault in wrong.errors:
        messages = fields.setdefault(_field(fault["loc"]), [])
        if (message := worded(fault)) not in messages:
            messages.append(message)
    return invalid(fields)


def _field(place: tuple[Any, ...]) -> str:
    steps = place[1:]
    if steps and steps[0] in PARAMETERS:
        steps = steps[1:]
    return ".".join(str(step) for step in steps)[:200]


def _forbidden(wrong: Exception) -> Refusal:
    return Refusal(403, "forbidden", _("You see this, but may not do that."))


def too_large(wrong: Exception | None = None) -> Refusal:
    return Refusal(400, "too_large", _("This is more than one request may hold."))


_WORDS: dict[type[Exception], Any] = {
    Refusal: lambda wrong: wrong,
    AuthenticationError: _unauthenticated,
    HttpError: _unread,
    ValidationError: _not_validated,
    Invalid: lambda wrong: invalid(wrong.fields),
    NotUnique: lambda wrong: conflict("not_unique", wrong.reason),
    Outdated: lambda wrong: conflict("outdated", str(OUTDATED)),
    policy.Outdated: lambda wrong: conflict("outdated", str(policy.OUTDATED)),
    NoSuchPlace: lambda wrong: invalid({"cursor": [_("This cursor was not given by us.")]}),
    Http404: lambda wrong: not_found(),
    Schedule.DoesNotExist: lambda wrong: not_found(),  # deleted since it was looked at
    PermissionDenied: _forbidden,
    RequestDataTooBig: too_large,
    SuspiciousOperation: lambda wrong: bad_request(_("This request cannot be read.")),
    MultiPartParserError: lambda wrong: bad_request(_("This request cannot be read.")),
    UnreadablePostError: lambda wrong: bad_request(_("This request cannot be read.")),
    RecursionError: lambda wrong: bad_request(_("This is nested too deep.")),
    RawPostDataException: lambda wrong: bad_request(_("Send JSON.")),
}
