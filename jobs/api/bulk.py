"""A verb on many jobs: those of a list of ids, or all that match filters."""

from typing import Annotated, Any, Literal, TypeAlias, get_args

from django.http import HttpRequest, HttpResponse
from django.urls.converters import StringConverter
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from jobs.execution import many
from jobs.execution.order import Order
from jobs.models import JobQuerySet, Scope

from . import shapes
from .answers import answer
from .auth import CONTROL, person, require
from .edit import Placing
from .errors import CONFLICT, conflict, invalid, may_answer
from .jobs import filters_of
from .kinds import Body, JobFilter, Key, Reason

Verb: TypeAlias = Literal[
    "start", "pause", "resume", "cancel", "terminate", "fail", "retry", "continue", "edit"
]


class ManyVerbConverter(StringConverter):
    regex = "|".join(get_args(Verb))


MOST_REASONS = 20
_NEEDED = dict.fromkeys(many.AGAIN, (Scope.RUN,))

router = Router(tags=["jobs"])


class Many(Body):
    """`ids` or `filter`. `expect` is how many jobs you mean: with another count nothing is
    done. A filter needs it, ids do not. `changes` belong to the verb `edit` alone."""

    ids: Annotated[list[Key], Field(max_length=many.MOST)] | None = None
    filter: JobFilter | None = None
    expect: Annotated[int, Field(ge=0, le=many.MOST)] | None = None
    reason: Reason = ""
    changes: Placing | None = None


@router.post(
    "/jobs:{manyverb:verb}",
    auth=CONTROL,
    response=may_answer(shapes.Done, others=CONFLICT),
    summary="Do a verb on many jobs",
)
def act(request: HttpRequest, verb: Verb, given: Many) -> HttpResponse:
    """`start`, `pause`, `resume`, `cancel`, `terminate`, `fail`, `retry`, `continue` or
    `edit` those of the jobs that are in a state for it, at most 10 000; 409 when these are
    not as many as `expect` says."""
    _refuse_nonsense(verb, given)
    require(request, *_NEEDED.get(verb, ()))
    ids = many.able(verb, _chosen(request, verb, given))
    if given.expect is not None and given.expect != len(ids):
        told = _("It would be done to %(n)s; nothing was done.") % {"n": len(ids)}
        raise conflict("count_differs", told, {"expect": [str(len(ids))]})
    changes = given.changes.changes() if given.changes else {}
    outcome = many.act(verb, ids, Order(person(request), given.reason), **changes)
    return answer({"count": len(ids)} | _told(outcome))


def _told(outcome: many.Outcome) -> dict[str, Any]:
    reasons = outcome.refused.most_common(MOST_REASONS)
    refused = [{"why": why, "count": count} for why, count in reasons]
    return {"done": outcome.done, "refused": refused, "left": outcome.left}


def _refuse_nonsense(verb: str, given: Many) -> None:
    if (given.ids is None) == (given.filter is None):
        raise invalid({"": [_("Give “ids” or “filter”.")]})
    if given.filter is not None and given.expect is None:
        raise invalid({"expect": [_("Say how many jobs you mean.")]})
    has_changes = given.changes is not None and bool(given.changes.changes())
    if has_changes != (verb == "edit"):
        raise invalid({"changes": [_("They belong to the verb “edit”, which needs some.")]})


def _chosen(request: HttpRequest, verb: str, given: Many) -> JobQuerySet:
    """What one has no say in is not among them, as if it were not there."""
    user = person(request)
    allowed = many.allowed(user, verb)
    if given.filter is None:
        return allowed.filter(pk__in=given.ids or [])
    return filters_of(given.filter, "filter.").among(user, allowed)
