"""The verbs on one schedule."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, get_args

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls.converters import StringConverter
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask
from ninja import Router

from jobs import permissions, registry
from jobs.models import Job, Scope
from jobs.params import Invalid, Unreadable
from jobs.scheduling import coded, entries
from jobs.scheduling.rows import read_row

from . import shapes
from .again import GoOn
from .answers import answer
from .asking import asked, wrong_params
from .auth import CONTROL, person, require, scoped
from .errors import CONFLICT, conflict, invalid, may_answer
from .schedule_kinds import ScheduleOut
from .schedules import shape
from .verbs import Because
from .wishes import key_of, keyed

Verb: TypeAlias = Literal["pause", "resume", "enable", "disable", "reset"]

router = Router(tags=["schedules"])


class ScheduleVerbConverter(StringConverter):
    """One of the verbs that need nothing but a reason."""

    regex = "|".join(get_args(Verb))


class Fire(GoOn):
    """All its parameters, in the place of the schedule's own; dots for a secret that stays."""

    params: dict[str, Any] | None = None


@router.post(
    "/schedules/{int:schedule_id}/fire",
    auth=scoped(Scope.RUN),
    response=may_answer(shapes.Asked, 202, CONFLICT | {200: shapes.Asked}),
    summary="Run it now",
)
def fire(request: HttpRequest, schedule_id: int, given: Fire | None = None) -> HttpResponse:
    """One job of it, now, with its parameters or with others; it stands for no moment, is
    yours, and moves nothing. You must manage the schedule and may run its task."""
    user, given = person(request), given or Fire()
    entry = permissions.schedule(user, "manage", schedule_id)
    if not user.is_superuser and not permissions.tasks(user, "run").filter(pk=entry.task):
        raise PermissionDenied
    job, is_new = keyed(
        request,
        key_of(request, given.idempotency_key),
        {"fire": schedule_id, "params": given.params},
        lambda job_id: _fired(request, entry, given, job_id),
    )
    return asked(request, job, is_new)


def _fired(request: HttpRequest, entry: PeriodicTask, given: Fire, job_id: str | None) -> Job:
    how: dict[str, Any] = {"reason": given.reason, "job_id": job_id, "params": given.params}
    try:
        return entries.run_now(entry, by=person(request), **how)
    except Invalid as wrong:
        raise wrong_params(wrong) from None
    except Unreadable:
        words = _("A secret cannot be read: SECRET_KEY has changed. Enter it anew.")
        raise invalid({"params": [words]}) from None
    except registry.UnknownTask:
        raise conflict("unknown_task", _("Nothing here knows its task.")) from None


@router.post(
    "/schedules/{int:schedule_id}/{scheduleverb:verb}",
    auth=CONTROL,
    response=may_answer(ScheduleOut, others=CONFLICT),
    summary="Do a verb on a schedule",
)
def act(
    request: HttpRequest, schedule_id: int, verb: Verb, given: Because | None = None
) -> HttpResponse:
    """`pause` (the `reason` is its note), `resume`, `enable`, `disable`, or `reset`, which
    takes back what was edited of one that the code declares; 409 when it is so already.
    The answer is the schedule as it is then."""
    entry = permissions.schedule(person(request), "manage", schedule_id)
    if verb == "reset":
        require(request, Scope.RUN)  # what is run changes
    if not _VERBS[verb](entry, person(request), given.reason if given else ""):
        raise conflict("wrong_state", _("The schedule is so already; nothing was changed."))
    return answer(shape(request, entry.pk))


_VERBS: Mapping[str, Callable[[PeriodicTask, permissions.Person, str], bool]] = {
    "pause": lambda entry, by, why: entries.pause(entry, by=by, note=why),
    "resume": lambda entry, by, why: entries.resume(entry, by=by, reason=why),
    "enable": lambda entry, by, why: entries.switch(entry, True, by=by, reason=why),
    "disable": lambda entry, by, why: entries.switch(entry, False, by=by, reason=why),
    "reset": lambda entry, by, why: coded.reset(read_row(entry.pk), by=by, reason=why),
}
