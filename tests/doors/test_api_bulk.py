"""Programs do a verb on many jobs: as many as they mean, or none."""

from typing import get_args

import pytest
from django.contrib.auth.models import Group

from jobs.api import bulk, kinds
from jobs.execution import many
from jobs.models import Event, Job, Scope
from jobs.reading import grammar
from jobs.reading.deeds import DEEDS
from jobs.states import State
from tests.doors import rows
from tests.doors.programs import Program, fault

pytestmark = pytest.mark.django_db


@pytest.fixture
def olivia() -> Program:
    """Manages the task."""
    group = Group.objects.create(name="managers")
    rows.task().managers.add(group)
    return Program(rows.user("olivia", group))


def state(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


def test_all_that_match_when_they_are_as_many_as_meant(olivia):
    mine = [rows.job(tags=["x"]), rows.job(tags=["x"]), rows.job(State.COMPLETED, tags=["x"])]
    other = rows.job()
    body = {"filter": {"tag": "x"}, "expect": 3, "reason": "done with it"}
    assert fault(olivia.post("/jobs:cancel", body), 409, "count_differs") == {"expect": ["2"]}
    assert state(mine[0]) == State.QUEUED
    answer = olivia.post("/jobs:cancel", body | {"expect": 2})
    assert answer.json() == {"count": 2, "done": 2, "refused": [], "left": 0}
    assert [state(job) for job in mine] == ["cancelled", "cancelled", "completed"]
    assert state(other) == State.QUEUED
    assert Event.objects.filter(reason="done with it").count() == 2


def test_those_of_a_list(olivia):
    jobs = [rows.job(), rows.job()]
    body = {"ids": [jobs[0].pk, "unknown"]}
    assert olivia.post("/jobs:pause", body).json()["done"] == 1
    assert [state(job) for job in jobs] == ["paused", "queued"]
    fault(olivia.post("/jobs:pause", {"ids": [jobs[1].pk], "expect": 2}), 409, "count_differs")


def test_what_one_has_no_say_in_is_not_among_them():
    stranger, job = Program(rows.user("stranger")), rows.job()
    answer = stranger.post("/jobs:cancel", {"ids": [job.pk]})
    assert answer.json() == {"count": 0, "done": 0, "refused": [], "left": 0}
    assert stranger.post("/jobs:cancel", {"filter": {}, "expect": 0}).json()["done"] == 0
    assert state(job) == State.QUEUED


def test_many_run_again_once_and_what_does_not_fit_is_told(olivia):
    fit = rows.job(State.FAILED, params={"x": 1})
    rows.job(State.FAILED, params={"x": "a"})
    body = {"filter": {"state": "failed"}, "expect": 2}
    answer = olivia.post("/jobs:retry", body).json()
    assert (answer["done"], answer["refused"]) == (
        1,
        [{"why": "x: Enter a whole number.", "count": 1}],
    )
    assert Job.objects.filter(retry_of=fit).count() == 1
    fault(Program(olivia.user, Scope.CONTROL).post("/jobs:retry", body), 403, "scope")


def test_many_are_edited(olivia):
    rows.job(), rows.job()
    body = {"filter": {}, "expect": 2, "changes": {"priority": 1}}
    assert olivia.post("/jobs:edit", body).json()["done"] == 2
    assert set(Job.objects.values_list("priority", flat=True)) == {1}


@pytest.mark.parametrize(
    ("verb", "body", "fields"),
    [
        ("cancel", {}, {""}),
        ("cancel", {"ids": [], "filter": {}}, {""}),
        ("cancel", {"filter": {}}, {"expect"}),
        ("cancel", {"filter": {"stat": "failed"}, "expect": 1}, {"filter.stat"}),
        ("cancel", {"filter": {"state": ["x"]}, "expect": 1}, {"filter.state.0"}),
        ("cancel", {"ids": [1]}, {"ids.0"}),
        ("cancel", {"ids": ["a\0"]}, {"ids.0"}),
        ("cancel", {"ids": ["x"] * (many.MOST + 1)}, {"ids"}),
        ("cancel", {"ids": ["x"], "changes": {"priority": 1}}, {"changes"}),
        ("edit", {"ids": ["x"]}, {"changes"}),
        ("edit", {"ids": ["x"], "changes": {}}, {"changes"}),
        ("edit", {"ids": ["x"], "changes": {"state": "x"}}, {"changes.state"}),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_on_its_fields(olivia, verb, body, fields):
    job = rows.job()
    assert set(fault(olivia.post(f"/jobs:{verb}", body), 422, "invalid")) == fields
    assert state(job) == State.QUEUED


def test_a_queue_that_nobody_serves_is_refused_for_many(olivia):
    rows.job()
    body = {"filter": {}, "expect": 1, "changes": {"queue": "nobody"}}
    assert set(fault(olivia.post("/jobs:edit", body), 422, "invalid")) == {"queue"}


def test_an_unknown_verb_is_no_address(olivia):
    fault(olivia.post("/jobs:explode", {}), 404, "not_found")
    fault(olivia.post(f"/jobs/{rows.job().pk}/explode"), 405, "method_not_allowed")


def test_the_verbs_of_many_are_those_that_the_pages_have():
    assert set(get_args(bulk.Verb)) == set(DEEDS) <= set(many.ABLE)


def test_the_filters_of_many_are_those_of_the_list():
    named = {"waiting": "waiting_for"}  # as the job itself calls it
    asked = {named.get(key, key) for key in (*grammar.KEYS, "q")}
    assert set(kinds.JobFilter.model_fields) == asked - {"is"}
