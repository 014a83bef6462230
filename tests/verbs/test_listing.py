"""The filters by which doors choose jobs."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.params.secret import sealed
from jobs.reading import filters
from jobs.reading.filters import Filters
from jobs.reading.grammar import KEYS, Term
from jobs.states import State
from tests.doors import form_tasks, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return rows.user("admin", is_superuser=True)


@pytest.fixture
def found(admin):
    def find(text: str) -> set[str]:
        wishes = Filters.read(text)
        assert not wishes.mistakes
        return {job.note for job in wishes.chosen(admin)}

    return find


def test_a_tag_is_found_whole(found):
    rows.job(tags=["blue", "año"], note="both")
    rows.job(tags=["bluebell"], note="other")
    rows.job(note="none")
    assert found("tag:blue") == {"both"}
    assert found("-tag:blue") == {"other", "none"}
    assert found("tag:año tag:blue") == {"both"}
    assert found("tag:blue tag:bluebell") == set()


def test_a_tag_is_found_by_a_part_of_it(found):
    rows.job(tags=["billing.eu", "rush"], note="eu")
    rows.job(tags=["rush", "Billing"], note="all")
    rows.job(tags=["100%_sure"], note="sure")
    rows.job(note="none")
    assert found("tag:billing*") == {"eu", "all"}
    assert found("tag:billing.*") == found("tag:*EU tag:rush") == {"eu"}
    assert found("-tag:billing*") == {"sure", "none"}
    assert found("tag:100%*") == {"sure"}
    assert found("tag:1%_*") == found("tag:*__*") == set()
    assert found("tag:*") == {"eu", "all", "sure"}


def test_the_owner_by_name_by_me_and_nobody(found):
    ada = rows.user("ada")
    rows.job(owner=ada, note="hers")
    rows.job(note="nobody's")
    assert {job.note for job in Filters.read("owner:me").chosen(ada)} == {"hers"}
    assert found("owner:ada") == {"hers"}
    assert found("-owner:ada") == found("owner:nobody") == {"nobody's"}
    assert found("owner:ada,nobody") == {"hers", "nobody's"}
    assert Filters.read("owner:bob").chosen(ada).count() == 0


def test_queue_and_worker(found):
    rows.job(State.RUNNING, queue="slow", worker="images-2@c", note="slow")
    rows.job(queue="slower", note="other")
    assert found("queue:slow") == found("-queue:slower") == {"slow"}
    assert found("queue:SLOW*") == {"slow", "other"}
    assert found("worker:images-2@c") == found("worker:images-2") == {"slow"}
    assert found("worker:images") == found("worker:images_*") == set()
    assert found("worker:images*") == {"slow"}


def test_a_task_by_its_name_or_a_part_between_dots(found):
    for name in ("site.images.process", "site.images.process_all", "site.mail.send"):
        rows.task(name)
        rows.job(task=name, note=name.rpartition(".")[2])
    rows.job(task="only.elsewhere", note="elsewhere")
    assert found("task:images") == {"process", "process_all"}
    assert found("task:process") == found("task:site.images.process") == {"process"}
    assert found("task:Images.Process*") == {"process", "process_all"}
    assert found("task:site task:only.elsewhere -task:send") == {
        "process", "process_all", "elsewhere",
    }  # fmt: skip
    assert found("task:[i]mages") == found("task:imag?s") == set()


def test_what_they_wait_for(found):
    for reason in ("slot", "rate", "time"):
        rows.job(State.PENDING, note=reason, waiting_for=reason)
    rows.job(State.FAILED, note="failed")
    assert found("waiting:slot") == found("waiting:SLOT state:waiting") == {"slot"}
    assert found("waiting:slot,rate") == {"slot", "rate"}
    assert found("-waiting:slot -waiting:time") == {"rate", "failed"}


def test_states_and_their_groups(found):
    for state in (State.FAILED, State.RUNNING, State.QUEUED):
        rows.job(state, note=state)
    assert found("state:failed state:queued") == {"failed", "queued"}
    assert found("-state:failed -state:queued") == {"running"}
    assert found("state:final") == {"failed"}
    assert Filters.read("state:live").toggled_state("running").states == {
        "pending", "queued", "retrying", "paused", "validating",
    }  # fmt: skip


def test_what_is_written_in_errors(found):
    rows.job(State.FAILED, error="The read TIMED OUT.", note="late")
    rows.job(State.FAILED, error_type="ValueError", reason="100 % odd", note="odd")
    assert found('error:"timed out"') == {"late"}
    assert found("error:valueerror error:%") == {"odd"}
    assert found("-error:%") == {"late"}


def test_words_must_all_be_found(found):
    rows.job(note="one and two")
    rows.job(note="two")
    assert found("two one") == {"one and two"}
    assert found("two -one") == {"two"}
    assert found('"one two"') == set()


def test_a_schedule_by_its_name_and_number(found):
    every = IntervalSchedule.objects.create(every=1, period="hours")
    nightly = PeriodicTask.objects.create(name="nightly run", interval=every, task=rows.ADD)
    rows.job(schedule=nightly, note="planned")
    rows.job(note="by hand")
    assert found('schedule:"nightly run"') == found("schedule:night*") == {"planned"}
    assert found(f"schedule:{nightly.pk}") == {"planned"}
    assert found("-schedule:night*") == {"by hand"}
    assert found("schedule:99999999999999999999") == set()


@pytest.mark.parametrize(("side", "expected"), [("since", {"new"}), ("until", {"old"})])
def test_times(side, expected, found):
    rows.job(note="old", ago=3600)
    rows.job(note="new")
    assert found(f"{side}:30m") == expected
    moment = (timezone.now() - timedelta(minutes=30)).isoformat()
    assert found(f"{side}:{moment}") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("param.size:>3.5", {"four", "huge"}),
        ("param.size:>=4 param.size:<5", {"four"}),
        ("param.size:<=3.5", {"three"}),
        ("param.size:4", {"four", "text"}),
        ("param.size:=4.0", {"four"}),
        ("param.size:-4", set()),
        ("param.size:true", {"true"}),
        ("param.size:false", set()),
        ("param.size:null", {"null"}),
        ("-param.size:>3.5", {"three", "text", "true", "null", "name", "none", "deep", "list"}),
        ("param.name:harb*", {"name"}),
        ("param.name:HARBOUR", {"name"}),
        ("param.name:%", set()),
        ("param.day:>=2026-08-01", {"name"}),
        ("param.day:<2026-08-01", set()),
        ("param.options.size:2", {"deep"}),
        ("param.size.x:1", set()),
        ("param.nothing:*", set()),
    ],
)
def test_parameters_are_compared_by_their_types(found, text, expected):
    given = {
        "three": {"size": 3.5}, "four": {"size": 4}, "huge": {"size": 10**400},
        "text": {"size": "4"}, "true": {"size": True}, "null": {"size": None},
        "name": {"name": "Harbour", "day": "2026-08-22"}, "none": {},
        "deep": {"options": {"size": 2}}, "list": {"size": [5]},
    }  # fmt: skip
    for note, params in given.items():
        rows.job(params=params, note=note)
    assert found(text) == expected


def test_nobody_finds_a_secret_by_guessing(found):
    task = form_tasks.many_kinds.name
    rows.job(params={"token": sealed("hunter2")}, note="sealed")
    rows.job(task=task, params={"token": "hunter2"}, note="older than its hint")
    rows.job(params={"token": "hunter2"}, note="open")
    assert found("param.token:h*") == {"open"}


def test_what_no_index_finds_is_asked_of_the_newest_only(
    admin, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(filters, "SEARCHED", 2)
    for number in range(5):
        rows.job(note=f"n{number}", ago=100 - number)
    wishes, seen, reaches = Filters.read("queue:celery"), [], 0
    while reach := wishes.reach(admin):
        seen += [job.note for job in wishes.chosen(admin)]
        wishes, reaches = wishes.further(reach), reaches + 1
    seen += [job.note for job in wishes.chosen(admin)]
    assert list(dict.fromkeys(seen)) == ["n4", "n3", "n2", "n1", "n0"]
    assert reaches >= 2
    wishes = Filters.read("queue:celery")
    wishes.reach(admin)
    with django_assert_num_queries(0):
        wishes.chosen(admin), wishes.in_any_state.chosen(admin)
    assert Filters.read("owner:nobody").reach(admin) is None
    assert Filters.read("owner:nobody").chosen(admin).count() == 5


@pytest.mark.parametrize("text", ["state:odd", 'note "open', "unknown:x", "since:never failed"])
def test_a_mistake_matches_nothing(admin, text):
    rows.job(note="failed")
    assert not Filters.read(text).chosen(admin).exists()


VALUES = st.text(max_size=12) | st.sampled_from(
    ["%", "\\", "*'", ">1e9", ">=\u0663", "[", "7" * 9]
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["", *KEYS, "param.x", "param.größe.ª"]), VALUES, st.booleans())
def test_no_database_stumbles_over_what_is_typed(admin, key, value, is_not):
    with transaction.atomic():
        rows.job(State.FAILED, params={"x": "text", "größe": {"ª": [1]}}, error="\\%'")
        rows.job(State.FAILED, params={"x": 3, "größe": {"ª": 1}})
        list(Filters.read(str(Term(key, value, is_not))).chosen(admin))
