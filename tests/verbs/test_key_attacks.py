"""Keys and limits as an attacker or a tired developer gives them: refused, or harmless."""

import uuid
from collections.abc import Iterator
from typing import Any

import celery
import pytest

from jobs import enqueue, registry
from jobs.dispatch.keys import columns_of
from jobs.models import Job
from jobs.params import Invalid
from jobs.registry import task
from tests import turn_tasks as tasks_in_turn
from tests.hostile_tasks import NASTY

SECRET = "hunter2-and-more"
LONGEST = 250
COLUMNS = ("concurrency_key", "rate_key", "fair_key", "line")


@pytest.fixture(autouse=True)
def own_tasks() -> Iterator[None]:
    """What a test registers is gone after it."""
    tasks = celery.current_app.tasks
    before = set(tasks)
    yield
    for name in set(tasks) - before:
        tasks.unregister(name)


def named(**options: Any) -> Any:
    return task(name=f"tests.{uuid.uuid4().hex}", **options)


def stored(job: Job) -> list[str]:
    row = Job.objects.get(pk=job.pk)
    return [getattr(row, column) or "" for column in COLUMNS]


@pytest.mark.parametrize(
    "rate",
    [
        "", "0/m", "-1/m", "nan/m", "inf/m", "1e9/s", "9" * 400 + "/s", "1001/s", "10", "10/w",
        "10/m\0", "10/m; DROP TABLE jobs_job", f"0.{'0' * 330}1/d", f"0.{'0' * 20}1/d",
        "0.00001/d", 10, True, b"10/m", float("nan"),
    ],
)  # fmt: skip
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises((TypeError, ValueError), match="rate"):
        named(rate=rate)(lambda: None)


@pytest.mark.parametrize("name", ["max_running", "max_running_per_key", "burst"])
@pytest.mark.parametrize(
    "count", [0, -1, 10**30, True, 1.5, float("nan"), float("inf"), "3", "", [], {}]
)
def test_a_limit_that_is_no_number_of_jobs_is_refused(name, count):
    given = {"rate": "1/m", "concurrency_key": "{x}", name: count}
    with pytest.raises((TypeError, ValueError), match=name):
        named(**given)(lambda x: None)


@pytest.mark.parametrize("option", ["concurrency_key", "rate_key", "fair_by"])
@pytest.mark.parametrize(
    "key",
    [
        "", "customer", "{}", "{x.__class__}", "{x[0]}", "{x!r}", "{x:>99999999}", "{y}",
        "{0}", "{password}", "{x}{password}", 7, b"{x}", ["{x}"], lambda password: password,
    ],
)  # fmt: skip
def test_a_key_that_is_none_or_tells_a_secret_is_refused(option, key):
    with pytest.raises((TypeError, ValueError), match=option):
        named(rate="1/m", secrets=["password"], **{option: key})(lambda x, password: None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value", [NASTY, "", "\0", "\ud800", "k" * 1_000_000, "🦊" * 500, "%s{x}", "' OR 1=1 --"]
)
def test_a_key_of_any_text_is_kept_short_and_harmless(value):
    made = named(concurrency_key=lambda x: value, rate="1/m", rate_key="{x}", fair_by="{x}")(
        lambda x: None
    )
    kept = stored(enqueue(made, {"x": "a"}))
    assert max(map(len, kept)) <= LONGEST
    assert not {"\0", "\ud800"} & set("".join(kept))


@pytest.mark.django_db
def test_two_long_keys_that_begin_alike_are_two():
    made = named(concurrency_key=lambda x: "k" * 100_000 + x)(lambda x: None)
    one, other = (stored(enqueue(made, {"x": x})) for x in "ab")
    assert one[0] != other[0]
    assert one[-1] != other[-1]


def raises(x):
    raise RuntimeError(x)


class Untold:
    def __str__(self):
        raise RuntimeError("cannot be told")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "key", [raises, lambda x: Untold(), lambda x: 1 / 0, lambda x: x[10**6]]
)
def test_a_key_that_fails_refuses_the_job_and_leaves_no_row(key):
    made = named(concurrency_key=key)(lambda x: None)
    with pytest.raises(Invalid):
        enqueue(made, {"x": "a"})
    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "key",
    [lambda **params: params["password"], lambda x, password="": password],
    ids=["takes all", "takes it by a default"],
)
def test_no_function_of_a_key_is_given_a_secret_to_tell(key):
    try:
        made = named(secrets=["password"], concurrency_key=key)(lambda x, password: None)
        kept = stored(enqueue(made, {"x": "a", "password": SECRET}))
    except (Invalid, ValueError) as refusal:
        kept = [str(refusal)]
    assert SECRET not in "".join(kept)


def test_keys_of_what_nobody_registered_are_none():
    assert columns_of("tests.no_such_task", {}, None) == {}
    with pytest.raises(registry.UnknownTask):
        registry.get("tests.no_such_task")


def test_a_long_key_is_told_apart_from_its_like():
    keys = [
        columns_of(tasks_in_turn.one_each.name, {"customer": "x" * 999 + end}, None)
        for end in "ab"
    ]
    texts = [columns["concurrency_key"] for columns in keys]
    assert texts[0] != texts[1] and max(map(len, texts)) <= 255
    assert keys[0]["line"] != keys[1]["line"]
