"""The two basic tasks, called as plain functions."""

import time

import pytest

from jobs import Invalid, registry
from project.tasks.basics import long_running_progress, task_sleep


def parameters(name: str):
    return registry.get(f"project.tasks.basics.{name}").parameters


def test_sleeping_takes_its_time_and_says_how_long():
    started = time.monotonic()
    assert task_sleep(0.05) == 0.05
    assert time.monotonic() - started >= 0.05


def test_counting_outside_a_job_counts_all_of_it():
    assert long_running_progress(3, step_seconds=0) == {"steps": 3, "continued_from": 0}


def test_their_parameters_are_those_of_the_first_tutorial():
    assert parameters("task_sleep").names == ("seconds",)
    assert parameters("long_running_progress").names == ("steps", "user_id", "step_seconds")
    assert parameters("long_running_progress").validate({})


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 10**9, "soon"])
def test_nobody_sleeps_for_ever(seconds):
    with pytest.raises(Invalid) as refusal:
        parameters("task_sleep").validate({"seconds": seconds})
    assert set(refusal.value.fields) == {"seconds"}
