"""The pages of workers, and the same by the API: what they tell, and to whom."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.conf import configuration
from jobs.execution import rollcall
from jobs.models import Code, Worker
from jobs.states import State
from tests.nouns.test_workers import FACTS

from . import rows

pytestmark = pytest.mark.django_db
WORKERS = reverse("jobs:workers")


@pytest.fixture
def keeper(client: Client) -> Client:
    """Somebody who may control workers, and sees no job but their own."""
    rows.task()
    person = rows.user("keeper")
    person.user_permissions.add(Permission.objects.get(codename="control_workers"))
    client.force_login(person)
    return client


def states(client: Client, **query: Any) -> dict[str, str]:
    floor = client.get(WORKERS, query).context["floor"]
    return {shown.row.name: shown.row.state for shown in floor.shown}


def page(client: Client, name: str) -> Any:
    return client.get(reverse("jobs:worker", args=[name]))


def silent(name: str, seconds: float = 60) -> None:
    Worker.objects.filter(pk=name).update(heard_at=Now() - timedelta(seconds=seconds))


def test_how_each_worker_is_and_what_is_wrong_comes_first(keeper):
    now = timezone.now()
    Worker.tell("a-well", FACTS)
    Worker.tell("b-cut", FACTS | {"is_connected": False})
    Worker.tell("c-leaving", FACTS | {"leaving_at": now})
    Worker.tell("d-deaf", FACTS | {"deaf_at": now})
    Worker.tell("e-lost", FACTS)
    silent("e-lost")
    Worker.tell("f-ended", FACTS)
    Worker.leave("f-ended")
    assert list(states(keeper).items()) == [
        ("d-deaf", "deaf"), ("b-cut", "cut"), ("a-well", "alive"), ("c-leaving", "leaving"),
        ("e-lost", "lost"), ("f-ended", "ended"),
    ]  # fmt: skip
    text = keeper.get(WORKERS).content.decode()
    assert "It lives and answers, but takes nothing." in text
    assert "2 ill" in text
    assert 'class="gone"' in text


def test_who_went_long_ago_is_listed_only_when_asked_for(keeper):
    Worker.tell("old", FACTS)
    silent("old", 3 * 86_400)
    Worker.tell("new", FACTS)
    assert set(states(keeper)) == {"new"}
    assert "and 1 that went earlier" in keeper.get(WORKERS).content.decode()
    assert set(states(keeper, all=1)) == {"new", "old"}


def test_jobs_that_one_may_not_see_are_counted_and_never_named(keeper):
    Worker.tell("main@node", FACTS | {"slots": 4})
    mine = rows.job(State.RUNNING, owner=keeper.get(WORKERS).wsgi_request.user)
    theirs = rows.job(State.RUNNING)
    row = keeper.get(WORKERS).context["floor"].fleet.rows[0]
    assert (row.busy, row.free, [job.pk for job in row.jobs], row.unseen) == (
        2,
        2,
        [mine.pk],
        1,
    )
    for address in (WORKERS, reverse("jobs:worker", args=["main@node"]), "/api/workers"):
        text = keeper.get(address).content.decode()
        assert mine.pk in text and theirs.pk not in text


def test_the_page_of_one_tells_its_facts_and_its_past(keeper):
    rollcall.begin("main@node", FACTS | {"host": "node-a", "pid": 12, "memory": [90, 40, 41]})
    Worker.tell(
        "main@node", FACTS | {"processed": 8, "failed": 2, "clock_offset_seconds": 0.25}
    )
    rollcall.end("main@node")
    text = page(keeper, "main@node").content.decode()
    for told in ("node-a", "171", "2 failed (25.0 %)", "0.250 s", "It ended in order"):
        assert told in text, told
    assert page(keeper, "nobody@node").status_code == 404


def test_a_name_with_slashes_and_markup_has_its_page(keeper):
    name = "a/b<script>@node"
    rollcall.begin(name, FACTS)
    assert page(keeper, name).status_code == 200
    text = keeper.get(WORKERS).content.decode()
    assert "<script>@" not in text


def test_older_code_is_told_with_the_tasks_that_it_lacks(keeper):
    Code.runs("old", {"a": "1", "b": "1"})
    Worker.tell("older", FACTS | {"code": "old"}, begins=True)
    Code.runs("new", {"a": "1", "b": "2", "c": "1"})
    Worker.tell("newer", FACTS | {"code": "new"}, begins=True)
    assert states(keeper) == {"older": "old", "newer": "alive"}
    told = keeper.get("/api/workers/older").json()
    assert (told["missing_tasks"], told["changed_tasks"]) == (["c"], ["b"])
    assert "behind" in page(keeper, "older").content.decode()
    silent("newer", configuration().lease_seconds + 1)
    assert states(keeper)["older"] == "alive"


def test_many_workers_cost_no_more_questions_than_one(keeper):
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert keeper.get(WORKERS).status_code == 200
        return len(found)

    Worker.tell("w@0", FACTS | {"code": "one"})
    rows.job(State.RUNNING, worker="w@0")
    asked()
    one = asked()
    for number in range(1, 30):
        Worker.tell(f"w@{number}", FACTS | {"code": "one"})
        rows.job(State.RUNNING, worker=f"w@{number}")
    assert asked() == one


def test_only_who_may_control_workers_is_offered_them(client):
    client.force_login(rows.user("stranger"))
    assert reverse("jobs:workers") not in client.get(reverse("jobs:home")).content.decode()
    assert client.get("/api/workers").status_code == 404
