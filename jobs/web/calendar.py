"""What fires when: days, a week or a month of all schedules, past and to come."""

from functools import cached_property

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from jobs import permissions
from jobs.reading.calendar import Fires, coming, past
from jobs.reading.days import VIEWS, Days, NoSuchDays, days
from jobs.reading.grid import Grid

from .page import page, person, show


@page()
def calendar(request: HttpRequest) -> HttpResponse:
    """With `?view=day|week|month&date=2026-08-22`; what is no day is told above this week."""
    problem = ""
    try:
        span = days(request.GET.get("view", ""), request.GET.get("date", ""))
    except NoSuchDays as reason:
        span, problem = days("", ""), str(reason)
    shown = Calendar(person(request), span)
    context = {"section": "schedules", "calendar": shown, "problem": problem}
    return show(request, "jobs/calendar.html", context, 422 if problem else 200)


class Calendar:
    """All that the page tells."""

    views = VIEWS

    def __init__(self, user: permissions.Person, span: Days) -> None:
        self.user, self.days = user, span
        self.now = timezone.now()

    @cached_property
    def past(self) -> Fires:
        return past(permissions.jobs(self.user), self.days)

    @cached_property
    def coming(self) -> Fires:
        return coming(permissions.schedules(self.user), self.days)

    @cached_property
    def grid(self) -> Grid:
        fires = [*self.past.fires, *self.coming.fires]
        keys = {fire.schedule for fire in fires}
        seen = permissions.schedules(self.user).filter(pk__in=keys)
        return Grid(self.days, fires, dict(seen.values_list("pk", "name")), self.now)

    @property
    def is_empty(self) -> bool:
        return not (self.past.fires or self.coming.fires)
