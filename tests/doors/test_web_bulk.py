"""A verb on many jobs of the list: shown first, agreed to, done, and told."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from jobs.execution import many
from jobs.models import Event, Job, Task
from jobs.reading.deeds import DEEDS
from jobs.reading.filters import Filters
from jobs.states import State
from tests.doors import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Client:
    group = Group.objects.create(name="managers")
    rows.task().managers.add(group)
    client = Client()
    client.force_login(rows.user("olivia", group))
    return client


def address(verb: str, *jobs: Job, **query: str) -> str:
    given = [*query.items(), *(("job", job.pk) for job in jobs)]
    return f"/jobs/bulk?verb={verb}" + "".join(f"&{name}={value}" for name, value in given)


def hidden(page: Any) -> dict[str, str]:
    """What the form of the page carries."""
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode())
    return {name: value for name, value in found if name in ("expect", "until")}


def agree(client: Client, url: str, reason: str = "wrong album", **changes: str) -> Any:
    """Read the page, then send its form."""
    form = hidden(client.get(url)) | {"reason": reason} | changes
    return client.post(url, form, follow=True)


def told(page: Any) -> list[str]:
    return [str(message) for message in page.context["messages"]]


def states() -> list[str]:
    return sorted(Job.objects.values_list("state", flat=True))


def test_the_list_offers_verbs_for_ticked_jobs_and_for_all_that_match(manager):
    job = rows.job()
    page = manager.get("/jobs/?state=queued&q=add").content.decode()
    assert f'name="job" value="{job.pk}" form="bulk"' in page
    form = page[page.index('id="bulk"') :]
    form = form[: form.index("</form>")]
    assert 'action="/jobs/bulk"' in form and 'name="all"' in form
    assert re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', form) == [
        ("q", "state:queued add"),
    ]
    assert set(re.findall(r'name="verb" value="(\w+)"', form)) == set(DEEDS)


@pytest.mark.parametrize("verb", DEEDS)
def test_asking_shows_what_it_would_do_and_does_nothing(manager, verb):
    jobs = [rows.job(state) for state in State]
    page = manager.get(address(verb, *jobs))
    assert page.context["look"].found.total() == len(jobs)
    assert sorted(job.state for job in jobs) == states()
    assert not Event.objects.exists()


def test_ticked_jobs_are_done_with_the_reason(manager):
    ticked, other = [rows.job() for _ in range(2)], rows.job()
    page = agree(manager, address("cancel", *ticked))
    assert page.redirect_chain == [("/jobs/?q=", 302)]
    assert told(page) == ["2 cancelled"]
    assert Job.objects.get(state=State.QUEUED) == other
    events = Event.objects.values_list("verb", "actor__username", "reason")
    assert list(events) == [("cancel", "olivia", "wrong album")] * 2


def test_all_that_match_the_filters_are_done_and_no_others(manager):
    rows.job(State.PAUSED), rows.job(State.QUEUED, note="a"), rows.job(State.QUEUED, note="b")
    page = agree(manager, address("cancel", all="1", state="queued", q="b"))
    assert page.redirect_chain == [("/jobs/?q=state:queued+b", 302)]
    assert Job.objects.get(state=State.CANCELLED).note == "b"


def test_what_came_after_the_question_was_not_meant(manager):
    rows.job(ago=60)
    url = address("cancel", all="1")
    form = hidden(manager.get(url)) | {"reason": "why not"}
    newer = rows.job()
    assert told(manager.post(url, form, follow=True)) == ["1 cancelled"]
    assert Job.objects.get(state=State.QUEUED) == newer


def test_what_had_moved_on_since_is_told(manager):
    jobs = [rows.job() for _ in range(3)]
    url = address("cancel", *jobs)
    form = hidden(manager.get(url)) | {"reason": "why not"}
    Job.objects.filter(pk=jobs[0].pk).move(State.SKIPPED)
    assert told(manager.post(url, form, follow=True)) == ["2 cancelled, 1 had moved on"]


@pytest.mark.parametrize("expect", ["1", "", "many", "-5", "9" * 5000])
def test_when_there_is_more_to_it_than_was_shown_it_is_shown_again(manager, expect):
    jobs = [rows.job() for _ in range(2)]
    page = agree(manager, address("cancel", *jobs), expect=expect)
    assert page.status_code == 409
    assert hidden(page)["expect"] == "2" and 'value="wrong album"' in page.content.decode()
    assert states() == [State.QUEUED, State.QUEUED]


@pytest.mark.parametrize(
    "until", ["", "soon", "2026-99-99T00:00", "2026-01-01", "9999-12-31T23:59Z"]
)
def test_a_moment_that_nobody_wrote_bounds_nothing(manager, until):
    rows.job()
    page = agree(manager, address("cancel", all="1"), until=until)
    assert told(page) == ["1 cancelled"]


@pytest.mark.parametrize("verb", ["cancel", "terminate", "fail"])
def test_a_destructive_verb_needs_a_reason(manager, verb):
    job = rows.job(State.RUNNING, requested="pause") if verb == "terminate" else rows.job()
    assert agree(manager, address(verb, job), reason=" ").status_code == 422
    assert not Event.objects.exists()
    assert agree(manager, address(verb, job)).status_code == 200
    assert Event.objects.get().verb == verb


def test_nothing_ticked_is_not_everything(manager):
    rows.job()
    page = manager.get("/jobs/bulk?verb=cancel&state=queued", follow=True)
    assert page.redirect_chain == [("/jobs/?q=state:queued", 302)]
    assert "Tick jobs first" in told(page)[0]
    assert manager.post("/jobs/bulk?verb=cancel", {"expect": "9"}).status_code == 302
    assert states() == [State.QUEUED]


@pytest.mark.parametrize("verb", ["", "explode", "_ask", "judge"])
def test_only_verbs_are_verbs(manager, verb):
    assert manager.get(address(verb, rows.job())).status_code == 404


def test_jobs_that_fit_their_task_no_longer_are_told_before_and_left_out(manager):
    rows.job(State.FAILED, params={"x": 1}), rows.job(State.FAILED, params={"gone": 1})
    url = address("retry", all="1", state="failed")
    page = manager.get(url).content.decode()
    assert "They fit their task no longer" in page and "gone:" in page
    page = agree(manager, url, reason="")
    assert "1 runs again, 1 does not fit" in told(page)[0]
    assert Job.objects.exclude(retry_of=None).get().params["x"] == 1


def test_a_viewer_sees_that_they_have_no_say_and_changes_nothing(manager):
    group = Group.objects.create(name="viewers")
    Task.objects.get().viewers.add(group)
    viewer = Client()
    viewer.force_login(rows.user("victor", group))
    job = rows.job()
    page = viewer.get(address("cancel", job))
    assert page.context["others"] == 1
    assert "not yours to decide" in page.content.decode()
    viewer.post(address("cancel", job), {"expect": "5", "reason": "mine"})
    viewer.post(address("cancel", all="1"), {"expect": "5", "reason": "mine"})
    assert states() == [State.QUEUED]


def test_a_stranger_does_not_even_learn_that_there_are_jobs(manager):
    stranger = Client()
    stranger.force_login(rows.user("nora"))
    page = stranger.get(address("cancel", rows.job()))
    assert page.context["others"] == 0 and page.context["look"].found.total() == 0
    stranger.post(address("cancel", all="1"), {"expect": "5", "reason": "mine"})
    assert states() == [State.QUEUED]


def test_an_owner_acts_on_their_own_jobs_only(manager):
    nora = rows.user("nora")
    client = Client()
    client.force_login(nora)
    own, other = rows.job(owner=nora), rows.job()
    agree(client, address("cancel", own, other))
    assert Job.objects.get(state=State.QUEUED) == other


def test_more_than_the_limit_is_said(manager, monkeypatch):
    monkeypatch.setattr(many, "MOST", 2)
    for _ in range(3):
        rows.job()
    url = address("cancel", all="1")
    assert "these are the newest" in manager.get(url).content.decode()
    assert told(agree(manager, url)) == ["2 cancelled"]


def test_without_the_forms_token_nothing_is_done(manager):
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = manager.cookies
    url = address("cancel", rows.job())
    assert careful.post(url, {"expect": "1", "reason": "x"}).status_code == 403
    assert states() == [State.QUEUED]


def test_all_that_match_a_search_with_a_mistake_is_nothing(manager):
    rows.job()
    for query in ({"q": "state:odd"}, {"q": "queu:celery"}, {"since": "never"}):
        page = manager.get("/jobs/bulk", {"verb": "cancel", "all": "1", **query}, follow=True)
        assert page.redirect_chain[0][0].startswith("/jobs/?q=")
        assert page.context["filters"].mistakes and page.context["sheets"] == []


def test_the_form_of_many_means_just_what_the_list_shows(manager):
    rows.job(State.QUEUED, queue="slow", params={"size": 5}, note="it")
    rows.job(State.QUEUED, queue="slow", params={"size": 2})
    text = '-state:failed queue:slow param.size:>3 "it"'
    listed = manager.get("/jobs/", {"q": text}).content.decode()
    [sent] = re.findall(r'name="q" value="([^"]*)">\s*<b data-ticked', listed)
    page = manager.get("/jobs/bulk", {"verb": "cancel", "all": "1", "q": unescape(sent)})
    assert page.context["look"].count == 1
    assert page.context["choice"].filters == Filters.read(text)
