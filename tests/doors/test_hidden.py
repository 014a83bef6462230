"""What one may not see is not counted, listed, suggested or exported, on any page: with two
such rows in each state every page is to the letter what it is without them."""

import re
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_celery_results.models import TaskResult

from jobs.models import Event, Grant, Job, Role, SavedFilter
from jobs.states import State

from . import desk, pages, rows

# Of CSRF and of forms that are sent once, what was told just now, and how long ago it was.
_PASSING = re.compile(
    r'value="[\w:.-]{50,}"|<div class="notice.*?</div></div>|<time.*?</time>', re.DOTALL
)
SEARCHES = (
    "", "?q=", "?q=hidden", "?q=task:hid", "?q=owner:hid", "?q=tag:hid", "?q=queue:hid",
    "?q=error:hidden", "?q=state:failed", "?q=-state:failed", "?part=fresh",
    "?part=fresh&drawn=MTk3MC0wMS0wMVQwMDowMDowMCswMDowMCA", "?since=30d", "?stalled=1",
)  # fmt: skip
SUGGESTED = ("task", "owner", "tag", "queue", "worker", "schedule")


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Any) -> dict[str, Any]:
    settings.MEDIA_ROOT = tmp_path
    found = pages.world()
    User.objects.update(is_staff=True)
    return found


def hide(world: dict[str, Any], count: int = 24) -> None:
    """Rows that only superusers see, in every state there is."""
    rows.task("hidden.task", title="hidden title", tags=["hidden-tag"])
    owner = rows.user("hidden")
    group = Group.objects.create(name="hidden group")
    Grant.objects.create(group=group, role=Role.VIEWERS, pattern="hidden.*")
    for number in range(count):
        job = rows.job(
            list(State)[number % len(State)], task="hidden.task", owner=owner,
            queue="hidden-queue", tags=["hidden-tag"], note="hidden note", group_id="hidden",
            worker="hidden@node", error_type="HiddenError", error="SECRET FRAME hidden",
            retry_of=world["job"], root_id=world["job"].pk, parent_id=world["job"].pk,
        )  # fmt: skip
        Event.objects.create(job=job, verb="hidden")
        TaskResult.objects.create(task_id=job.pk, task_name="hidden.task")
    desk.schedule("hidden schedule", "hidden.task")
    SavedFilter.objects.keep(owner, "hidden search", "queue:hidden-queue")


def addresses(world: dict[str, Any]) -> list[str]:
    found = [pages.address(name, world) for name in pages.SHOWN if name not in ("archive",)]
    for name in ("jobs:jobs", "jobs:export", "jobs:tasks", "jobs:home"):
        found += [reverse(name) + search for search in SEARCHES]
    found += [f"{reverse('jobs:suggest')}?word={word}:hid" for word in SUGGESTED]
    found += [
        f"/api/jobs{search}" for search in ("", "?q=hidden", "?state=failed", "?format=csv")
    ]
    found += ["/api/tasks", "/api/tasks?q=hidden"]
    found += [f"/api/jobs/{world['job'].pk}{part}" for part in ("", "/events", "/result")]
    models = [model for model in desk.admin_models() if model is not Grant]
    found += [desk.address(model) for model in models]
    found += [f"{desk.address(Job)}?q=hidden", desk.address(Job, "change", world["job"].pk)]
    return found


def read(client: Client, page: str) -> str:
    """A page without what differs each time that it is asked for."""
    response = client.get(page)
    parts = response.streaming_content if response.streaming else [response.content]
    text = b"".join(parts).decode("utf-8", "replace")
    return _PASSING.sub("", text)


@pytest.mark.parametrize("role", ["stranger", "viewer"])
def test_pages_are_the_same_with_and_without_hidden_rows(world, role):
    client = desk.at(world["people"][role])
    asked = addresses(world)
    with time_machine.travel(timezone.now(), tick=False):  # some pages draw the time of day
        before = {page: read(client, page) for page in asked}
        hide(world)
        for page in asked:
            assert read(client, page) == before[page], page


def test_many_rows_need_no_more_queries_than_few(world):
    """Of what one does see: the first are a job in each state."""
    person = world["people"]["viewer"]
    see(person, len(State))
    client, asked = desk.at(person), addresses(world)
    few = {page: counted(client, page) for page in (*asked, *asked)}
    see(person, 5 * len(State))
    for page, before in few.items():
        assert counted(client, page) <= before, page


def see(person: User, count: int) -> None:
    for number in range(count):
        rows.job(list(State)[number % len(State)], owner=person, tags=["a"], error="x")


def counted(client: Client, page: str) -> int:
    with desk.asked() as caught:
        read(client, page)
    return len(caught)
