"""The way through the gallery: where each page is, and what a person does to it first."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django_celery_beat.models import PeriodicTask
from playwright.sync_api import Page, Route, WebSocketRoute

from jobs.models import Backfill, Job, Task
from tests.doors import desk

from . import exhibits

LOOKS = {
    f"{theme}-{width}": (theme, width) for theme in ("light", "dark") for width in (1440, 360)
}
HEIGHTS = {1440: 1000, 360: 780}
EMPTY = {
    "home-empty": "/", "jobs-empty": "/jobs/", "tasks-empty": "/tasks/",
    "schedules-empty": "/schedules/",
}  # fmt: skip
DOOR = {"login": "/login/", "login-refused": "/login/"}
ERRORS = ("400", "403", "403_csrf", "500", "503")
IN_SPANISH = (
    "home-trouble", "jobs", "jobs-ticked", "jobs-filters", "bulk", "tasks", "policy", "task",
    "task-kinds", "job-running", "job-asked-to-pause", "job-silent", "job-failed", "job-held",
    "job-verb", "edit", "tokens", "access", "404",
)  # fmt: skip
SOCKET = re.compile(r"/ws\b")


def addresses(jobs: Mapping[str, Job]) -> dict[str, str]:
    """Every kind of page, by a name that says what state it is in."""
    here, home, tasks = reverse("jobs:jobs"), reverse("jobs:home"), reverse("jobs:tasks")
    many, failed = reverse("jobs:task", args=[exhibits.MANY_KINDS]), jobs["failed"].pk
    found = {
        "home-trouble": home,
        "home-mine": f"{home}?owner=me&since=1h",
        "jobs": here,
        "jobs-ticked": here,
        "jobs-filtered": f"{here}?q=state:failed -tag:odd",
        "jobs-none": f"{here}?q=no+such+thing&owner=me&state=failed",
        "jobs-mistakes": f"{here}?q=state:odd since:never",
        "jobs-suggestions": f"{here}?q=state:failed",
        "jobs-columns": here,
        "jobs-filters": reverse("jobs:filters"),
        "bulk": f"{reverse('jobs:bulk')}?verb=cancel&all=1&q=state:running",
        "bulk-none": f"{reverse('jobs:bulk')}?verb=resume&all=1&q=state:failed",
        "tasks": tasks,
        "tasks-trouble": f"{tasks}?by=trouble",
        "tasks-none": f"{tasks}?q=no+such+task",
        "policy": reverse("jobs:policy", args=[exhibits.IMAGES]),
        "task": reverse("jobs:task", args=[exhibits.IMAGES]),
        "task-off": reverse("jobs:task", args=[exhibits.LEDGER]),
        "task-broken": reverse("jobs:task", args=[exhibits.BROKEN]),
        "task-files": reverse("jobs:task", args=[exhibits.UPLOADS]),
        "task-kinds": many,
        "task-refused": many,
        **{f"job-{name}": reverse("jobs:job", args=[job.pk]) for name, job in jobs.items()},
        "job-offline": reverse("jobs:job", args=[jobs["running"].pk]),
        "job-verb": reverse("jobs:job", args=[jobs["running"].pk]),
        "job-log": reverse("jobs:job", args=[failed]) + "#L12-L14",
        "edit": reverse("jobs:edit", args=[jobs["held"].pk]),
        "tokens": reverse("jobs:tokens"),
        "tokens-new": reverse("jobs:tokens"),
        "access": reverse("jobs:task_access", args=[exhibits.MAILS]) + "?user=berta",
        "access-job": reverse("jobs:job_access", args=[failed]) + "?user=nobody-of-that-name",
        "keys": home,
    }
    found |= _workers() | _queues() | _calendars()
    return found | _schedules(jobs) | _backfills() | _broken()


def _queues() -> dict[str, str]:
    here, closed = reverse("jobs:queues"), ["media"]
    return {
        "queues": here,
        "queues-pause": here,
        "queues-freeze": here,
        "queue": reverse("jobs:queue", args=closed),
        "queue-purge": reverse("jobs:purge_queue", args=closed),
        "queue-move": reverse("jobs:move_queue", args=closed),
        "routes": reverse("jobs:routes"),
    }


def _calendars() -> dict[str, str]:
    here = reverse("jobs:calendar")
    return {
        "calendar": here,
        "timeline": reverse("jobs:timeline"),
        "calendar-month": f"{here}?view=month",
        "calendar-refused": f"{here}?view=day&date=2026-02-31",
    }


def _workers() -> dict[str, str]:
    return {
        "workers": reverse("jobs:workers"),
        "worker": reverse("jobs:worker", args=["main@node-a"]),
        "worker-old": reverse("jobs:worker", args=["older@node-b"]),
    }


def _broken() -> dict[str, str]:
    return {"404": "/no/such/page", **{error: f"/as-if/{error}" for error in ERRORS}}


def _schedules(jobs: Mapping[str, Job]) -> dict[str, str]:
    here = reverse("jobs:schedules")
    pages = {
        name: reverse("jobs:schedule", args=[jobs[f"fired{name}"].schedule_id])
        for name in ("", "-paused", "-flawed")
    }
    return {
        "schedules": here,
        "schedules-ticked": here,
        "schedules-agree": f"{reverse('jobs:schedule_bulk')}?verb=disable&all=1",
        "schedules-pause": here,
        "schedules-missed": f"{here}?state=missed",
        "schedules-none": f"{here}?q=no+such+schedule",
        "schedule-verb": pages[""],
        "schedule-new": f"{reverse('jobs:new_schedule')}?task={exhibits.MANY_KINDS}",
        "schedule-edit": reverse("jobs:edit_schedule", args=[jobs["fired"].schedule_id]),
        **{f"schedule{name}": address for name, address in pages.items()},
    }


def _backfills() -> dict[str, str]:
    row = Backfill.objects.latest("asked_at")
    form = reverse("jobs:backfill", args=[row.schedule_id])
    range_ = f"since={row.since:%Y-%m-%dT%H:%M}&until={row.asked_at:%Y-%m-%dT%H:%M}"
    return {
        "fire": reverse("jobs:fire_schedule", args=[row.schedule_id]),
        "backfill": form,
        "backfill-look": f"{form}?{range_}&which=missing&first=oldest&concurrency=4",
        "backfill-refused": f"{form}?{range_}&which=odd&first=oldest&concurrency=1000",
        "backfilled": reverse("jobs:backfilled", args=[row.schedule_id, row.pk]),
    }


def others(jobs: Mapping[str, Job]) -> dict[str, str]:
    """Pages in the frames of others: the admin's, and the one that tries the API."""
    lists = {m._meta.model_name: desk.address(m) for m in desk.admin_models()}
    rows = {
        "job": desk.address(Job, "change", jobs["failed"].pk),
        "running": desk.address(Job, "change", jobs["running"].pk),
        "task": desk.address(Task, "change", exhibits.IMAGES),
        "task-run": desk.address(Task, "run", exhibits.MANY_KINDS),
        "schedule": desk.address(PeriodicTask, "change", PeriodicTask.objects.first().pk),
    }
    names = {f"admin-{name}": address for name, address in lists.items()}
    first = {"admin": "/admin/", "api-docs": reverse("jobs:api:docs")}
    return first | names | {f"admin-one-{n}": a for n, a in rows.items()}


def in_spanish(jobs: Mapping[str, Job]) -> dict[str, str]:
    """The main pages: Spanish words are longer than ours."""
    pages = addresses(jobs)
    return {name: pages[name] for name in IN_SPANISH}


def speak_spanish(page: Page, url: str) -> None:
    """As the switch of a page does it."""
    cookie = {"name": settings.LANGUAGE_COOKIE_NAME, "value": "es", "url": url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]


def look(page: Page, name: str, media: Any = None) -> None:
    """See the page as it is in another theme and another width."""
    theme, width = LOOKS[name]
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    page.emulate_media(media=media, color_scheme=theme, reduced_motion="reduce")


def _tick(page: Page) -> None:
    page.locator("[data-tick-all]").check()


def _ask(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("ta")
    page.get_by_role("option").filter(has_text="task:").first.wait_for()


def _run_badly(page: Page) -> None:
    page.get_by_role("button", name="Run now").click()
    page.get_by_text("Nothing was started.").wait_for()


def _sign_in_badly(page: Page) -> None:
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("guessed")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()


def _make_token(page: Page) -> None:
    page.get_by_label("Name").fill("wall screen")
    page.get_by_role("button", name="Make a token").click()
    page.locator("#token").wait_for()


POSES: dict[str, Callable[[Page], Any]] = {
    "jobs-ticked": _tick,
    "schedules-ticked": _tick,
    "jobs-suggestions": _ask,
    "jobs-columns": lambda page: page.locator("#columns summary").click(),
    "task-refused": _run_badly,
    "queues-pause": lambda page: page.locator("[id^=pause-] summary").first.click(),
    "queues-freeze": lambda page: page.locator("#freeze summary").click(),
    "schedules-pause": lambda page: page.locator("[id^=pause-] summary").first.click(),
    "schedule-verb": lambda page: page.locator("#ask-pause").click(),
    "job-verb": lambda page: page.locator("#part-head details.menu summary").first.click(),
    "tokens-new": _make_token,
    "job-offline": lambda page: page.get_by_text("Not live").wait_for(),
    "login-refused": _sign_in_badly,
    "keys": lambda page: page.keyboard.press("?"),
}


def walk(page: Page, pages: Mapping[str, str]) -> Iterator[str]:
    """Go to one page after the other, and make it the state that its name says."""
    page.route("**/as-if/*", _break)
    for name, address in pages.items():
        page.route_web_socket(SOCKET, _hang_up if name == "job-offline" else serve)
        page.goto(address)
        POSES.get(name, lambda page: None)(page)
        yield name


def serve(line: WebSocketRoute) -> None:
    """Be a server where nothing happens."""
    line.on_message(lambda said: line.send('{"type": "pong"}') if "ping" in said else None)


def _hang_up(line: WebSocketRoute) -> None:
    line.close(code=1011)


def _break(route: Route) -> None:
    """Answer as the site does when it fails: no row brings that about."""
    name = route.request.url.rpartition("/")[2]
    route.fulfill(body=render_to_string(f"{name}.html"), content_type="text/html")
