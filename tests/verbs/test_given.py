"""What a schedule gives its task: read strictly, judged, sealed, and opened again."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django_celery_beat.models import PeriodicTask
from kombu.utils.json import dumps

from jobs import registry
from jobs.params import MASK, Invalid, Parameters, Secret
from jobs.params.secret import SEALED
from jobs.scheduling import given
from tests import sample_tasks


def parameters(task):
    return registry.get(task.name).parameters


ADD, LOG_IN = parameters(sample_tasks.add), parameters(sample_tasks.log_in)


def position(first, /, second=2, *, third=3):
    """Takes them in each way."""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "nothing",
        '{"x": NaN}',
        '{"x": -Infinity}',
        '{"x": 1, "x": 2}',
        '{"y": {"x": 1, "x": 2}}',
        '{"x": ' + "9" * 5_000 + "}",
        '{"x": ' * 20_000 + "1" + "}" * 20_000,
        '{"x": "' + "a" * 2_000_000 + '"}',
        '{"x": {"__type__": "Decimal", "__value__": "much"}}',
        '{"x": {"__type__": "datetime", "__value__": 5}}',
        '{"x": {"__type__": "os.system", "__value__": "ls"}}',
        '{"x": {"__type__": "jobs.Secret", "__value__": "forged"}}',
    ],
)
def test_what_is_no_honest_json_is_refused_at_once(text):
    with pytest.raises(ValueError):
        given.read(text, dict)


def test_typed_values_that_other_programs_stored_are_read():
    stored = {"day": date(2026, 8, 22), "amount": Decimal("1.10")}
    assert given.read(dumps(stored), dict) == stored
    assert given.read(given.written(stored), dict) == stored


def test_arguments_by_position_get_their_names():
    takes = Parameters(position)
    assert given.named(takes, [1, 5], {"third": 4}) == {"first": 1, "second": 5, "third": 4}
    for args, kwargs in (([1, 2, 3], {}), ([1], {"first": 1})):
        with pytest.raises(Invalid):
            given.named(takes, args, kwargs)


def test_what_is_kept_stays_as_it_was_written():
    assert given.kept(ADD, [], {"x": "1"}) == {"x": "1"}
    with pytest.raises(Invalid):
        given.kept(ADD, [], {"x": "one"})


def test_secrets_are_sealed_masked_and_opened_again():
    clear = {"user": "ada", "password": "hunter2", "token": "tok"}
    kept = given.kept(LOG_IN, [], clear)
    assert "hunter2" not in json.dumps(kept) and "tok" not in kept["token"].values()
    shown = given.veiled(LOG_IN, kept)
    assert shown == {"user": "ada", "password": MASK, "token": MASK}
    assert given.unveiled(LOG_IN, shown | {"user": "eve"}, kept) == clear | {"user": "eve"}


def test_secrets_inside_of_values_are_sealed_too():
    def keys(all_of_them: dict[str, list[Secret]]) -> None: ...

    takes = Parameters(keys)
    clear = {"all_of_them": {"a": ["one", "two"]}}
    kept = given.kept(takes, [], clear)
    shown = given.veiled(takes, kept)
    assert shown == {"all_of_them": {"a": [MASK, MASK]}}
    shown["all_of_them"]["a"][0] = "uno"
    assert given.unveiled(takes, shown, kept) == {"all_of_them": {"a": ["uno", "two"]}}


def test_a_secret_by_position_is_refused():
    with pytest.raises(Invalid) as refused:
        given.kept(LOG_IN, ["ada", "hunter2", "tok"], {})
    assert set(refused.value.fields) == {"password", "token"}


def test_a_token_that_a_person_types_is_refused():
    stolen = given.kept(LOG_IN, [], {"user": "a", "password": "b", "token": "c"})["token"]
    given_by_a_person = {"user": "a", "password": "b", "token": stolen}
    with pytest.raises(Invalid):
        given.kept(LOG_IN, [], given.unveiled(LOG_IN, given_by_a_person, {}))
    assert SEALED in stolen


def test_dots_without_a_secret_behind_them_are_just_dots():
    assert given.unveiled(ADD, {"x": MASK}, {"x": 5}) == {"x": MASK}


def test_of_an_unknown_task_nothing_is_shown():
    assert given.veiled(None, {"key": "clear"}) == {"key": MASK}


def test_what_a_schedule_asks_for_is_named_and_readable():
    kept = given.kept(LOG_IN, ["ada"], {"password": "hunter2", "token": "tok"})
    entry = PeriodicTask(
        task=sample_tasks.log_in.name, args='["ada"]', kwargs=given.written(kept)
    )
    assert given.asked(entry) == {"user": "ada", "password": "hunter2", "token": "tok"}
    with pytest.raises(registry.UnknownTask):
        given.asked(PeriodicTask(task="celery.map"))
    with pytest.raises(Invalid):
        given.asked(PeriodicTask(task=sample_tasks.add.name, kwargs="{"))


@pytest.mark.parametrize("task", [sample_tasks.report_of, sample_tasks.report_of_day])
def test_the_moment_need_not_be_written_for_a_task_that_is_told_it(task):
    parameters = registry.get(task.name).parameters
    assert given.kept(parameters, [], {}) == {}
    with pytest.raises(Invalid):
        parameters.validate({})
