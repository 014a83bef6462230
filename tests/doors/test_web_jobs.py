"""The list of jobs and the page of one."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.models import Attempt, Event, JobError, Stack, Task
from jobs.reading import listing
from jobs.states import State, WaitingFor

from . import desk, rows

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}"


@pytest.fixture
def admin(client: Client) -> Client:
    rows.task()
    client.force_login(rows.user("admin", is_superuser=True))
    return client


def page(client: Client, **query: Any) -> Any:
    return client.get(reverse("jobs:jobs"), query)


def shown(response: Any) -> list[str]:
    return [sheet.job.pk for sheet in response.context["sheets"]]


def text(client: Client, job: Any, **query: Any) -> str:
    return client.get(reverse("jobs:job", args=[job.pk]), query).content.decode()


def test_jobs_stand_newest_first(admin):
    old, new = rows.job(ago=60), rows.job(ago=5)
    assert shown(page(admin)) == [new.pk, old.pk]


def test_an_empty_list_says_what_to_do(admin):
    assert reverse("jobs:tasks") in page(admin).content.decode()


def test_a_filter_that_matches_nothing_can_be_dropped(admin):
    rows.job()
    assert "Drop all filters" in page(admin, q="no such words").content.decode()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"state": "failed"}, {"failed"}),
        ({"state": ["failed", "running"]}, {"failed", "running"}),
        ({"state": "nonsense"}, set()),
        ({"q": "state:failed,running"}, {"failed", "running"}),
        ({"q": ["state:failed", "addition"]}, {"failed"}),
        ({"q": "-state:failed"}, {"running", "noted"}),
        ({"since": "1h"}, {"failed", "running", "noted"}),
        ({"until": "1h"}, set()),
        ({"owner": "me"}, {"running"}),
        ({"task": "other.task"}, {"noted"}),
        ({"q": "a special note"}, {"noted"}),
        ({"q": "other.TASK"}, {"noted"}),
        ({"q": "addition"}, {"failed", "running"}),
        ({"q": "\x00"}, {"failed", "running", "noted"}),
    ],
)
def test_filters_choose(client: Client, query, names):
    rows.task(title="An Addition")
    admin = rows.user("admin", is_superuser=True)
    client.force_login(admin)
    jobs = {
        "failed": rows.job(State.FAILED),
        "running": rows.job(State.RUNNING, owner=admin),
        "noted": rows.job(task="other.task", note="This is a Special Note."),
    }
    found = shown(client.get(reverse("jobs:jobs"), query, QUERY_STRING=None))
    assert set(found) == {jobs[name].pk for name in names}


def test_an_id_or_its_beginning_is_found(admin):
    job = rows.job(id="my own id/with a slash")
    assert shown(page(admin, q='"my own id/w"')) == [job.pk]


def test_counts_tell_what_each_state_would_show(admin):
    for state in (State.FAILED, State.FAILED, State.RUNNING):
        rows.job(state)
    counts = page(admin, state="running").context["counts"]
    by_state = {one.state: one.count for group in counts.values() for one in group}
    assert (by_state["failed"], by_state["running"], by_state["queued"]) == (2, 1, 0)


def test_long_histories_are_counted_up_to_a_bound_and_say_so(admin, monkeypatch):
    monkeypatch.setattr(listing, "COUNTED", 2)
    for _ in range(4):
        rows.job(State.COMPLETED)
    rows.job(State.RUNNING)
    counts = page(admin).context["counts"]
    completed = next(one for one in counts["final"] if one.state == State.COMPLETED)
    running = next(one for one in counts["active"] if one.state == State.RUNNING)
    assert completed.is_more and not running.is_more


def test_paging_shows_every_job_once_forth_and_back(admin, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 3)
    # Two of one moment on either side of a border, whole seconds and fractions.
    now = timezone.now().replace(microsecond=0)
    moments = [now, now, now, now, now - timedelta(milliseconds=1), now - timedelta(seconds=1)]
    jobs = [rows.job(created_at=moment) for moment in moments]
    rows.job()  # its moment is written by the database
    seen, query = [], {}
    while True:
        response = page(admin, **query)
        seen += shown(response)
        if not (after := response.context["page"].older):
            break
        query = {"after": after}
    assert len(seen) == len(set(seen)) == len(jobs) + 1
    back = page(admin, before=response.context["page"].newer)
    assert shown(back) == seen[-4:-1] or set(shown(back)) <= set(seen)
    assert page(admin, before=back.context["page"].newer).context["page"].newer is None


@pytest.mark.parametrize("cursor", ["x", "%00", "YWJj", "####"])
def test_a_mistyped_cursor_is_not_found(admin, cursor):
    rows.job()
    assert page(admin, after=cursor).status_code == 404


def test_new_jobs_are_announced_not_put_in(admin):
    rows.job(ago=60)
    newest = page(admin).context["newest"]
    assert "new job" not in page(admin, part="fresh", drawn=newest).content.decode()
    rows.job(), rows.job()
    assert "2 new jobs" in page(admin, part="fresh", drawn=newest).content.decode()


def test_rows_that_are_named_are_those_of_the_list_and_one_may_see_them(client: Client):
    rows.task()
    ana, bob = rows.user("ana"), rows.user("bob")
    days_ago = 5 * 86_400  # said in days, which a slow machine does not change
    old, new = rows.job(owner=ana, ago=2 * days_ago), rows.job(owner=ana, ago=days_ago)
    other = rows.job(owner=bob)
    client.force_login(ana)
    named = page(client, part="rows", job=[old.pk, other.pk, new.pk, "gone\x00"])
    assert shown(named) == [new.pk, old.pk]
    assert named.content.decode().split("<tr")[1] in page(client).content.decode()


@pytest.mark.parametrize("state", State.values)
def test_every_state_has_its_page_its_shape_and_its_word(admin, state):
    job = rows.job(state, reason="for a reason")
    html = text(admin, job)
    shape = "s-errors" if state == State.COMPLETED_WITH_ERRORS else f"s-{state}"
    assert f'href="#{shape}"' in html
    assert str(State(state).label) in html


@pytest.mark.parametrize("reason", WaitingFor.values)
def test_a_pending_job_says_why_it_is_not_running(admin, reason):
    html = text(admin, rows.job(State.PENDING, waiting_for=reason))
    assert "Why is it not running" in html
    assert "It waits.</h2>" not in html


@pytest.mark.parametrize("asked", ["pause", "cancel"])
def test_what_was_asked_and_is_not_done_yet_is_told(admin, asked):
    html = text(admin, rows.job(State.RUNNING, requested=asked))
    assert f"Running, {'pausing' if asked == 'pause' else 'cancelling'}…" in html


def test_progress_of_unknown_total_is_stripes_not_a_percent(admin):
    html = text(admin, rows.job(State.RUNNING, progress={"current": 214088}))
    assert 'class="sway"' in html
    assert "aria-valuenow" not in html


@pytest.mark.parametrize("progress", [None, [], "x", {"percent": "x", "total": True}, {}])
def test_strange_progress_does_not_break_the_page(admin, progress):
    assert "part-gauge" in text(admin, rows.job(State.RUNNING, progress=progress))


def test_a_part_is_the_same_as_at_the_first_paint(admin):
    job = rows.job(State.FAILED, error_type="ValueError", error="bad", ago=400)
    whole, part = text(admin, job), text(admin, job, part="gauge")
    assert part.strip() in whole
    assert "part-head" not in part


def test_whatever_a_task_or_caller_says_is_shown_escaped(admin):
    job = rows.job(
        State.FAILED, task=HOSTILE, id=HOSTILE, error_type=HOSTILE, error=HOSTILE,
        reason=HOSTILE, note=HOSTILE, tags=[HOSTILE], worker=HOSTILE, traceback=HOSTILE,
        queue=HOSTILE, params={HOSTILE: HOSTILE, "deep": [{HOSTILE: HOSTILE}]},
        result={HOSTILE: [HOSTILE]}, errors_count=1, retries=1,
        progress={"percent": 3, "message": HOSTILE, "step": HOSTILE},
    )  # fmt: skip
    rows.log(job, HOSTILE, f"\x1b[31m{HOSTILE}\x1b[0m", level=HOSTILE)
    JobError.objects.create(
        job=job, attempt=1, item=HOSTILE, message=HOSTILE, at=timezone.now()
    )
    Attempt.objects.create(
        job=job, number=1, error=HOSTILE, error_type=HOSTILE, reason=HOSTILE, traceback=HOSTILE
    )
    Event.objects.create(job=job, verb=HOSTILE, reason=HOSTILE)
    rows.artifact(job, HOSTILE[:50])
    for html in (text(admin, job), text(admin, job, part="row"), page(admin).content.decode()):
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "49" not in html.split("alert(2)")[1][:20]


def test_a_task_that_nobody_knows_hides_what_was_sealed(admin):
    job = rows.job(task="gone.away", params={"a": {"$secret": "sealed"}, "b": [1]})
    html = text(admin, job)
    assert "sealed" not in html
    assert "••••••••" in html


def test_the_owner_of_a_job_whose_task_is_unseen_gets_no_link_to_it(client: Client):
    task = rows.task()
    owner = rows.user("owner")
    client.force_login(owner)
    html = text(client, rows.job(owner=owner))
    assert reverse("jobs:task", args=[task.pk]) not in html


def test_what_is_usual_is_told_from_the_last_runs_one_may_see(admin):
    for _ in range(3):
        rows.job(State.COMPLETED)  # two seconds each
    assert "usual 2.0 s" in text(admin, rows.job(State.RUNNING))


def test_a_huge_result_is_cut_with_a_visible_mark(admin):
    job = rows.job(State.COMPLETED, result=["x" * 200_000])
    html = text(admin, job)
    assert "Not all of it is shown" in html
    assert len(html) < 120_000


def queries(client: Client, address: str) -> int:
    with desk.asked() as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_no_page_asks_more_when_there_are_more_rows(admin):
    def fill(start: int) -> None:
        for n in range(start, start + 12):
            rows.task(f"many.task{n}")
            job = rows.job(State.FAILED, owner=rows.user(f"u{n}"))
            rows.log(job, *["x"] * 30)
            rows.artifact(job, "a.txt")

    job = rows.job(State.FAILED)
    addresses = [reverse("jobs:jobs"), reverse("jobs:tasks")]
    addresses += [reverse("jobs:job", args=[job.pk]), reverse("jobs:task", args=[rows.ADD])]
    fill(0)
    [queries(admin, address) for address in addresses]  # Django asks SQLite once for JSON
    before = [queries(admin, address) for address in addresses]
    fill(12)
    for n in range(20):
        rows.artifact(job, f"{n}.txt")
        JobError.objects.create(job=job, attempt=1, message="m", at=timezone.now())
    assert [queries(admin, address) for address in addresses] == before
    assert max(before) <= 25
    assert Task.objects.count() == 25


def test_a_stack_is_for_those_who_may_read_tracebacks(client):
    viewers = Group.objects.create(name="viewers")
    rows.task().viewers.add(viewers)
    owner, viewer = rows.user("olga"), rows.user("victor", viewers)
    job = rows.job(State.RUNNING, owner=owner)
    lines = 'File "/srv/own.py", line 1, in <module>\n    where_it_is()'
    Stack.objects.create(job=job, attempt=1, text=f"  {lines}", taken_at=timezone.now())
    for person, sees in ((owner, True), (viewer, False)):
        client.force_login(person)
        html = text(client, job)
        assert ("where_it_is()" in html, "of attempt 1, taken" in html) == (sees, sees)


@pytest.mark.parametrize(
    ("seconds", "said"), [(1, "comes with the next report"), (40, "not answered for 40 s")]
)
def test_a_stack_that_has_not_come_is_told_of(admin, seconds, said):
    asked = timezone.now() - timedelta(seconds=seconds)
    assert said in text(admin, rows.job(State.RUNNING, stack_asked_at=asked), part="stack")
