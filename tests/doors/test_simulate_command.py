"""`manage.py schedules simulate`."""

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django_celery_beat.models import PeriodicTask

from jobs.models import Job, Task
from jobs.scheduling.replan import replan

from . import rows
from .desk import every, schedule

pytestmark = pytest.mark.django_db


def simulate(*args: str, **options: Any) -> str:
    out = StringIO()
    call_command("schedules", "simulate", *args, stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.fixture(autouse=True)
def some():
    rows.task()
    rows.task("shop.ledger")
    schedule("each minute")
    made = schedule("close the day", "shop.ledger", queue="billing")
    PeriodicTask.objects.filter(pk=made.pk).update(interval=every(3600))
    schedule("off", enabled=False)
    replan()


def test_each_schedule_is_a_line_and_each_queue_too():
    said = simulate("--days", "1")
    told = [line.split() for line in said.splitlines()]
    assert ["each", "minute", "celery", "1440", "1440", "0", "not", "known"] in [
        line[:8] for line in told
    ]
    assert ["billing", "24", "0", "1"] in told
    assert "busiest minute" in said and "off" not in said
    assert Job.objects.count() == 0


def test_programs_get_the_same_as_json():
    told = json.loads(simulate("--days=2", "--name=CLOSE", "--json"))
    (one,) = told["schedules"]
    assert (one["name"], one["fires"], one["runs"], one["skipped"]) == (
        "close the day", 48, 48, {},
    )  # fmt: skip
    assert told["queues"] == {"billing": {"runs": 48, "clashes": 0, "most": 1}}
    assert json.loads(simulate("--task=ledger", "--json"))["schedules"][0]["fires"] == 720


def test_what_is_too_much_is_counted_and_says_so():
    said = simulate("--most", "1000")
    assert "43200" in said and "counted, not replayed" in said


@pytest.mark.parametrize(
    "wrong",
    [["--days=0"], ["--days=400"], ["--from=someday"], ["--down", "now", "2026-08-22"]],
)
def test_what_is_no_span_is_refused(wrong):
    with pytest.raises(CommandError) as refused:
        simulate(*wrong)
    assert refused.value.returncode == 2


def test_one_sees_what_one_may():
    viewers = Group.objects.create(name="viewers")
    rows.user("vera", viewers)
    assert "close the day" not in simulate("--user=vera")
    Task.objects.get(pk="shop.ledger").viewers.add(viewers)
    said = simulate("--user=vera")
    assert "close the day" in said and "each minute" not in said
