"""Verbs on jobs chosen in the admin: asked about on our page, done by each job's rule."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group

from jobs.admin import job_actions
from jobs.models import Event, Job
from jobs.states import State

from . import desk, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Any:
    group = Group.objects.create(name="managers")
    rows.task().managers.add(group)
    return desk.at(desk.staff("olivia", group))


def choose(client: Any, verb: str, *jobs: Job) -> Any:
    chosen = {"action": verb, "_selected_action": [job.pk for job in jobs]}
    return client.post(desk.address(Job), chosen, follow=True)


def agree(client: Any, page: Any) -> Any:
    url = page.redirect_chain[-1][0]
    found = re.search(r'name="expect" value="(\d+)"', page.content.decode())
    form = {"expect": found and found[1], "reason": "by hand"}
    return client.post(url, form, follow=True)


def test_these_verbs_and_no_others_are_offered(manager):
    rows.job()
    form = manager.get(desk.address(Job)).context["action_form"]
    offered = {value for value, _label in form.fields["action"].choices if value}
    assert offered == {"cancel", "pause", "resume", "retry"}


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        ("cancel", State.QUEUED, State.CANCELLED),
        ("pause", State.QUEUED, State.PAUSED),
        ("resume", State.PAUSED, State.QUEUED),
        ("retry", State.FAILED, State.FAILED),
    ],
)
def test_a_verb_asks_first_and_then_is_done_with_its_reason(manager, verb, before, after):
    jobs = [rows.job(before, params={"x": 1}) for _ in range(2)]
    page = choose(manager, verb, *jobs)
    assert page.status_code == 200 and not Event.objects.exists()
    agree(manager, page)
    states = {job.state for job in Job.objects.filter(pk__in=[job.pk for job in jobs])}
    assert states == {after}
    events = Event.objects.values_list("verb", "actor__username", "reason")
    assert list(events) == [(verb, "olivia", "by hand")] * 2


def test_each_job_is_judged_by_its_own_rule(manager):
    viewer = desk.at(desk.staff("victor", viewers := Group.objects.create(name="viewers")))
    rows.task(name="tests.of.others").viewers.add(viewers)
    own = rows.job(owner=desk.staff("nora"))
    job, seen = rows.job(), rows.job(task="tests.of.others")
    for client in (viewer, manager):
        page = choose(client, "cancel", own, job, seen)
        if client is manager:
            agree(client, page)
    states = [Job.objects.get(pk=each.pk).state for each in (own, job, seen)]
    assert states == [State.CANCELLED, State.CANCELLED, State.QUEUED]


def test_more_than_an_address_holds_is_refused(manager, monkeypatch):
    monkeypatch.setattr(job_actions, "MOST", 1)
    page = choose(manager, "cancel", rows.job(), rows.job())
    assert "At most 1 at once" in desk.told(page)[0]
    assert not Event.objects.exists()
