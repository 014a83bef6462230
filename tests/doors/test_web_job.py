"""The page of one job: its result, what broke and where else, its neighbours."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.models import Event, Job
from jobs.states import State
from jobs.web import tree

from . import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> Any:
    person = rows.user("owner")
    client.force_login(person)
    return person


def page(client: Client, job: Job) -> str:
    return client.get(reverse("jobs:job", args=[job.pk])).content.decode()


def failed(owner: Any, error: str, **columns: Any) -> Job:
    told = {"error_type": "TimeoutError", "error": error, **columns}
    return rows.job(State.FAILED, owner=owner, **told)


def test_the_same_error_elsewhere_is_told_whatever_its_numbers(client, owner):
    job = failed(owner, "invoice 4411 timed out after 30 s")
    others = [failed(owner, f"invoice {n} timed out after {n} s") for n in range(7)]
    rows.job(State.COMPLETED, owner=owner, retry_of=others[-1])
    for different in (
        failed(owner, "invoice 1 was refused"),
        failed(owner, "invoice 1 timed out after 1 s", task="another"),
        failed(owner, "invoice 1 timed out after 1 s", error_type="OSError"),
        failed(rows.user("else"), "invoice 9 timed out after 9 s"),
        failed(owner, "invoice 8 timed out after 8 s", ago=8 * 86_400),
    ):
        assert different.pk not in str([job.pk for job in others])
    response = client.get(reverse("jobs:job", args=[job.pk]))
    alike = response.context["sheet"].alike
    assert (alike.count, alike.is_more, len(alike.shown)) == (7, False, 5)
    assert {each.pk for each in alike.shown} <= {each.pk for each in others}
    text = response.content.decode()
    assert "Same error elsewhere" in text and "run again: Completed" in text
    found = client.get(reverse("jobs:jobs") + alike.address)
    listed = found.content.decode()
    assert all(other.pk in listed for other in [job, *others])


def test_an_error_that_nobody_else_had_is_not_told_as_common(client, owner):
    assert "Same error elsewhere" not in page(client, failed(owner, "only here"))
    assert "Same error elsewhere" not in page(client, rows.job(State.COMPLETED, owner=owner))


def test_where_it_broke_the_line_is_marked_and_libraries_are_folded(client, owner):
    trace = """Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/celery/app/trace.py", line 453, in trace_task
    R = retval = fun(*args, **kwargs)
  File "/app/tasks/billing.py", line 61, in charge
    gateway.pay("<b>")
    ^^^^^^^^^^^^^^^^^^
TimeoutError: no answer
"""
    text = page(client, failed(owner, "no answer", traceback=trace))
    assert '<mark class="hot">    gateway.pay(&quot;&lt;b&gt;&quot;)</mark>' in text
    assert "1 frame of libraries is folded" in text


def test_a_result_is_a_tree_with_its_json_beside_it(client, owner):
    result = {"made": [{"name": "<b>a</b>", "size": 3}, None], "ok": True, "none": []}
    text = page(client, rows.job(State.COMPLETED, owner=owner, result=result))
    assert '<code class="text">&lt;b&gt;a&lt;/b&gt;</code>' in text
    assert '<code class="word">true</code>' in text and '<code class="list">[]</code>' in text
    assert 'id="result-raw"' in text
    for plain in (0, False, "", "text"):
        job = rows.job(State.COMPLETED, owner=owner, result=plain)
        assert 'id="result"' in page(client, job)
    assert 'id="result"' not in page(client, rows.job(State.COMPLETED, owner=owner))


@pytest.mark.parametrize(
    "value", [list(range(10_000)), {"a": "x" * 400_000}, {str(n): [n] for n in range(9000)}]
)
def test_a_huge_result_is_bounded_and_says_so(value):
    found = tree.tree(value)
    assert found.is_cut and found.nodes <= tree.MOST_NODES


def test_a_deep_result_is_bounded():
    value: Any = "end"
    for _ in range(400):
        value = [value]
    assert tree.tree(value).is_cut


def test_neighbours_are_those_that_one_may_see(client, owner):
    stranger = rows.user("stranger")
    old = rows.job(State.FAILED, owner=owner, id="old")
    parent = rows.job(State.COMPLETED, owner=stranger, id="hidden-parent")
    job = rows.job(
        State.FAILED,
        owner=owner,
        retry_of=old,
        parent_id=parent.pk,
        root_id="old",
        group_id="g",
    )
    rows.job(State.COMPLETED, owner=owner, retry_of=job, id="again")
    rows.job(State.COMPLETED, owner=owner, parent_id=job.pk, id="child")
    rows.job(State.COMPLETED, owner=stranger, parent_id=job.pk, id="hidden-child")
    for n in range(7):
        rows.job(State.COMPLETED, owner=owner, group_id="g", id=f"beside-{n}")
    response = client.get(reverse("jobs:job", args=[job.pk]))
    kin = {each.label: [one.pk for one in each.jobs] for each in response.context["sheet"].kin}
    assert kin["Again of"] == kin["Began with"] == ["old"]
    assert (kin["Run again as"], kin["It asked for"]) == (["again"], ["child"])
    assert len(kin["Of its group"]) == 5
    assert "By the job" not in kin
    assert "hidden-" not in response.content.decode()


def test_the_page_asks_the_database_the_same_however_much_there_is(
    client, owner, django_assert_max_num_queries
):
    job = failed(owner, "4 of 5", group_id="g", finished_at=timezone.now())
    for n in range(30):
        failed(owner, f"{n} of 5", group_id="g", parent_id=job.pk, retry_of=job)
        rows.artifact(job, f"{n}.txt")
    with django_assert_max_num_queries(45):
        page(client, job)


def write(client: Client, job: Job, **words: str) -> str:
    """What the page says after the form with these words was sent."""
    was = {"was_tags": json.dumps(job.tags), "was_note": job.note}
    form = {"tags": ", ".join(job.tags), "note": job.note, **was, **words}
    response = client.post(reverse("jobs:annotate", args=[job.pk]), form, follow=True)
    return " ".join(str(message) for message in response.context["messages"])


def test_tags_and_note_are_written_on_a_job_in_any_state(client, owner):
    for state in (State.PENDING, State.RUNNING, State.FAILED):
        job = rows.job(state, owner=owner, tags=["old"], note="was")
        assert write(client, job, tags="a,  b c, a,,", note="line\r\n<b>") == ""
        job.refresh_from_db()
        assert (job.tags, job.note) == (["a", "b c"], "line\r\n<b>")
        event = Event.objects.get(job=job)
        assert (event.verb, event.actor, event.before) == (
            "edit", owner, {"tags": ["old"], "note": "was"},
        )  # fmt: skip
        text = page(client, job)
        assert '<span class="chip">b c</span>' in text and "&lt;b&gt;" in text
        assert write(client, job) == ""
        assert Event.objects.filter(job=job).count() == 1


def test_what_somebody_else_wrote_meanwhile_is_not_lost(client, owner):
    job = rows.job(State.FAILED, owner=owner, tags=["old"], note="seen")
    Job.objects.filter(pk=job.pk).update(tags=["theirs"])
    assert "meanwhile" in write(client, job, tags="mine")
    assert write(client, job, note="mine") == ""
    job.refresh_from_db()
    assert (job.tags, job.note) == (["theirs"], "mine")


def test_a_note_that_a_program_wrote_in_lines_can_be_edited(client, owner):
    job = rows.job(State.FAILED, owner=owner, note="one\ntwo")
    assert write(client, job, was_note="one\r\ntwo", note="one\r\nthree") == ""
    job.refresh_from_db()
    assert job.note == "one\r\nthree"


@pytest.mark.parametrize(
    "words",
    [
        {"tags": "x" * 101},
        {"tags": ",".join(map(str, range(51)))},
        {"was_tags": "["},
        {"was_tags": "[" * 100_000},
        {"was_tags": '["\\u0000"]'},
        {"was_tags": '["\\ud800"]'},
        {"was_tags": '{"a": 1}'},
        {"note": "x" * 2001},
    ],
)
def test_words_that_are_too_many_are_refused(client, owner, words):
    job = rows.job(State.FAILED, owner=owner)
    assert write(client, job, **{"tags": "new", **words})
    job.refresh_from_db()
    assert (job.tags, job.note) == ([], "")


def steps(client: Client, job: Job) -> list[tuple[str, str, float | None]]:
    sheet = client.get(reverse("jobs:job", args=[job.pk])).context["sheet"]
    return [(step.name, step.state, step.seconds) for step in sheet.steps]


def test_what_each_step_took_is_told_and_where_the_job_ended(client, owner):
    began = timezone.now().timestamp() - 100
    told = {"steps": [(began, "read"), (began + 3, "fetch"), (began + 40, "draw")]}
    ended = rows.job(State.FAILED, owner=owner, progress=told, finished_at=timezone.now())
    *before, (name, state, seconds) = steps(client, ended)
    assert before == [("read", "completed", 3.0), ("fetch", "completed", 37.0)]
    assert (name, state) == ("draw", "failed")
    assert seconds == pytest.approx(60, abs=1)
    waits = rows.job(State.RETRYING, owner=owner, progress=told)
    assert steps(client, waits)[-1] == ("draw", "retrying", None)
    runs = rows.job(State.RUNNING, owner=owner, progress=told)
    assert steps(client, runs)[-1][2] == pytest.approx(60, abs=5)
    assert 'aria-current="step"' in page(client, runs)
    one = rows.job(State.RUNNING, owner=owner, progress={"steps": told["steps"][:1]})
    assert steps(client, one) == []
