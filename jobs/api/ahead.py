"""What is ahead of a schedule: of one that is there, or of one that is only being written."""

from datetime import tzinfo
from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import AfterValidator, BaseModel, Field

from jobs import permissions
from jobs.models import Schedule
from jobs.models.shape import moment
from jobs.reading.ahead import USUAL, preview
from jobs.reading.forecast import Forecast, forecast
from jobs.scheduling.edit import drawn
from jobs.scheduling.preview import MOST, Ahead, Preview
from jobs.scheduling.rows import read_row
from jobs.scheduling.when import is_zone

from .answers import answer
from .auth import READ, person
from .errors import may_answer
from .jobs import refuse_unknown
from .kinds import Given, Key
from .schedule_kinds import MOST_KEY, NewSchedule
from .shapes import Time

router = Router(tags=["schedules"])


def _zone(name: str) -> str:
    if name and not is_zone(name):
        raise ValueError(_("There is no such time zone."))
    return name


_Zone: TypeAlias = Annotated[Key, AfterValidator(_zone)]


class Asked(Given):
    count: int = Field(USUAL, ge=1, le=MOST)
    reader: _Zone = ""


class Sketch(NewSchedule):
    """As a new schedule; with `id`, what an edit of that one would make of it."""

    id: int | None = Field(None, ge=1, le=MOST_KEY)
    count: int = Field(USUAL, ge=1, le=MOST)
    reader: _Zone = ""

    def values(self) -> dict[str, Any]:
        said = super().values()
        return {name: said[name] for name in {*said} - {*Sketch.__annotations__}}


class MarkOut(BaseModel):
    kind: str
    words: str
    more: str


class AheadOut(BaseModel):
    """One moment: `number` 1 is the next, `missing` what the cron line says where the clock
    leaps over it."""

    number: int
    due_at: Time
    fires_at: Time
    local: Time
    reader: Time
    missing: str | None
    skipped: bool
    marks: list[MarkOut]


class ForecastOut(BaseModel):
    """Of the last `runs`; seconds. Null where too little is known."""

    runs: int
    of_task: bool
    gap_seconds: float | None
    usual_seconds: float | None
    p95_seconds: float | None
    longer: int | None
    words: str


class PreviewOut(BaseModel):
    """`items` are the next moments, `more` how many follow on the day of the last of them,
    `notable` those after them, within a year, that are not like the others."""

    words: str
    timezone: str
    hints: list[str]
    flaw: str
    off: str
    jitter_seconds: int
    items: list[AheadOut]
    more: int
    is_over: bool
    notable: list[AheadOut]
    forecast: ForecastOut


@router.get(
    "/schedules/{int:schedule_id}/next",
    response=may_answer(PreviewOut),
    summary="When it comes next",
)
def ahead(request: HttpRequest, schedule_id: int, asked: Query[Asked]) -> HttpResponse:
    """The next `count` moments, by the code that fires them: on the schedule's clock
    (`local`), on that of the zone `reader`, and in UTC, with what is worth knowing."""
    refuse_unknown(request, Asked)
    entry = permissions.schedule(person(request), "view", schedule_id)
    return _told(request, read_row(entry.pk), asked.count, asked.reader)


@router.post(
    "/schedules:preview",
    auth=READ,
    response=may_answer(PreviewOut),
    summary="When it would come",
)
def sketched(request: HttpRequest, given: Sketch) -> HttpResponse:
    """The same of a schedule that is not stored, judged as if it were to be."""
    user, entry = person(request), None
    if given.id is not None:
        entry = read_row(permissions.schedule(user, "manage", given.id).pk).entry
    elif not permissions.may_schedule(user):
        raise PermissionDenied
    row = drawn(given.values(), by=user, entry=entry)
    return _told(request, row, given.count, given.reader)


def _told(request: HttpRequest, row: Schedule, count: int, reader: str) -> HttpResponse:
    user = person(request)
    zone = ZoneInfo(reader) if reader else timezone.get_current_timezone()
    told = preview(user, row, count)
    return answer(_shape(told, zone) | {"forecast": _forecast(forecast(user, row))})


def _shape(told: Preview, reader: tzinfo) -> dict[str, Any]:
    same = ("words", "flaw", "off", "jitter_seconds", "more", "is_over")
    return {
        **{name: getattr(told, name) for name in same},
        "timezone": told.zone,
        "hints": told.hints,
        "items": [_moment(each, reader) for each in told.ahead],
        "notable": [_moment(each, reader) for each in told.notable],
    }


def _moment(each: Ahead, reader: tzinfo) -> dict[str, Any]:
    return {
        "number": each.number,
        "due_at": moment(each.due_at),
        "fires_at": moment(each.fires_at),
        "local": moment(each.local),
        "reader": moment(each.due_at.astimezone(reader)),
        "missing": moment(each.missing),
        "skipped": each.is_skipped,
        "marks": [{"kind": m.kind, "words": m.words, "more": m.more} for m in each.marks],
    }


def _forecast(told: Forecast) -> dict[str, Any]:
    known = told.is_known
    return {
        "runs": len(told.spans),
        "of_task": told.of_task,
        "gap_seconds": told.gap,
        "usual_seconds": told.usual if known else None,
        "p95_seconds": told.p95 if known else None,
        "longer": told.longer if known else None,
        "words": f"{told.headline} {told.detail}" if known else "",
    }
