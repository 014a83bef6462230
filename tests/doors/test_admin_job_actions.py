"""Verbs on jobs chosen in the admin: what they would do is shown, a reason is given, and
they are done by each job's rule."""

from typing import Any

import pytest
from django.contrib.auth.models import Group

from jobs.models import Event, Job
from jobs.reading.deeds import DEEDS
from jobs.states import State

from . import desk, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Any:
    group = Group.objects.create(name="managers")
    rows.task().managers.add(group)
    return desk.at(desk.staff("olivia", group))


def choose(client: Any, verb: str, *jobs: Job, query: str = "", **fields: Any) -> Any:
    chosen = {"action": verb, "_selected_action": [job.pk for job in jobs], **fields}
    return client.post(desk.address(Job) + query, chosen)


def agree(client: Any, asked: Any, reason: str = "by hand", **fields: Any) -> Any:
    """Send the form of the question as it stands."""
    form: dict[str, Any] = {}
    for name, value in asked.context["sent"]:
        form.setdefault(name, []).append(value)
    until = asked.context["until"]
    form |= {"expect": asked.context["look"].count, "reason": reason}
    form |= {"until": until.isoformat()} if until else {}
    return client.post(asked.request["PATH_INFO"] + query_of(asked), form | fields, follow=True)


def query_of(answer: Any) -> str:
    return "?" + answer.request["QUERY_STRING"] if answer.request["QUERY_STRING"] else ""


def states(*jobs: Job) -> list[str]:
    return [Job.objects.get(pk=job.pk).state for job in jobs]


def test_the_verbs_of_our_pages_and_no_others_are_offered(manager):
    rows.job()
    form = manager.get(desk.address(Job)).context["action_form"]
    offered = {value for value, _label in form.fields["action"].choices if value}
    assert offered == {*DEEDS} - {"edit"}


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        ("cancel", State.QUEUED, State.CANCELLED),
        ("fail", State.QUEUED, State.FAILED),
        ("pause", State.QUEUED, State.PAUSED),
        ("resume", State.PAUSED, State.QUEUED),
        ("retry", State.FAILED, State.FAILED),
    ],
)
def test_a_verb_asks_first_and_then_is_done_with_its_reason(manager, verb, before, after):
    jobs = [rows.job(before, params={"x": 1}) for _ in range(2)]
    asked = choose(manager, verb, *jobs)
    assert asked.status_code == 200 and not Event.objects.exists()
    assert asked.context["button"] in asked.content.decode()
    done = agree(manager, asked)
    assert done.redirect_chain[-1][0] == desk.address(Job)
    assert states(*jobs) == [after] * 2
    events = Event.objects.values_list("verb", "actor__username", "reason")
    assert list(events) == [(verb, "olivia", "by hand")] * 2


def test_a_destructive_verb_needs_a_reason(manager):
    job = rows.job()
    again = agree(manager, choose(manager, "cancel", job), reason=" ")
    assert "Say why" in again.content.decode() and states(job) == [State.QUEUED]


def test_each_job_is_judged_by_its_own_rule(manager):
    viewer = desk.at(desk.staff("victor", viewers := Group.objects.create(name="viewers")))
    rows.task(name="tests.of.others").viewers.add(viewers)
    own = rows.job(owner=desk.staff("nora"))
    job, seen = rows.job(), rows.job(task="tests.of.others")
    for client in (viewer, manager):
        asked = choose(client, "cancel", own, job, seen)
        agree(client, asked, expect=9)
    assert states(own, job, seen) == [State.CANCELLED, State.CANCELLED, State.QUEUED]


def test_a_viewer_who_posts_the_agreement_at_once_does_nothing(manager):
    viewers = Group.objects.create(name="viewers")
    rows.task(name="tests.of.others").viewers.add(viewers)
    seen, hidden = rows.job(task="tests.of.others"), rows.job()
    viewer = desk.at(desk.staff("victor", viewers))
    choose(viewer, "cancel", seen, hidden, agreed="yes", expect=9, reason="mine now")
    assert states(seen, hidden) == [State.QUEUED] * 2 and not Event.objects.exists()


def test_all_that_match_are_meant_but_none_that_came_later(manager):
    few = [rows.job(State.FAILED, ago=ago, params={"x": 1}) for ago in (5, 9)]
    rows.job(State.COMPLETED)
    query = "?state__exact=failed"
    asked = choose(manager, "retry", few[0], query=query, select_across="1")
    assert asked.context["look"].count == 2
    rows.job(State.FAILED, params={"x": 1})
    agree(manager, asked)
    assert set(Event.objects.values_list("job", flat=True)) == {job.pk for job in few}


def test_more_than_was_agreed_about_is_refused(manager):
    jobs = [rows.job(), rows.job()]
    again = agree(manager, choose(manager, "cancel", *jobs), expect=1)
    assert "There are more now" in again.content.decode()
    assert states(*jobs) == [State.QUEUED] * 2


def test_from_the_page_of_a_job_one_comes_back_to_it(manager):
    job = rows.job(id="invoice/1")
    page = manager.get(desk.address(Job, "change", "invoice_2F1")).content.decode()
    assert 'name="action" value="cancel"' in page and 'value="resume"' not in page
    done = agree(manager, choose(manager, "cancel", job, back=job.pk))
    assert done.redirect_chain[-1][0] == desk.address(Job, "change", "invoice_2F1")
    assert 'value="retry"' in done.content.decode()


@pytest.mark.parametrize("fields", [
    {"expect": "x"}, {"expect": ""}, {"expect": "9" * 40}, {"until": "soon"},
    {"back": "//evil.example/"}, {"reason": "x" * 9000},
])  # fmt: skip
def test_what_no_form_of_ours_sends_does_no_harm(manager, fields):
    job = rows.job()
    asked = choose(manager, "cancel", job, **fields)
    done = agree(manager, asked, **fields)
    assert done.status_code in (200, 409)
    assert all(place.startswith("/admin/") for place, _status in done.redirect_chain)
