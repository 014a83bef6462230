"""The next 24 hours of all schedules, and where they get into each other's way."""

from django.http import HttpRequest, HttpResponse

from jobs.reading.timeline import Timeline

from .page import page, person, show


@page()
def timeline(request: HttpRequest) -> HttpResponse:
    context = {"section": "schedules", "timeline": Timeline(person(request))}
    return show(request, "jobs/timeline.html", context)
