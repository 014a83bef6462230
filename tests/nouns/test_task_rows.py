"""The rows of the catalogue follow the code and keep what operators wrote."""

import dataclasses
from decimal import Decimal

import pytest

from jobs import registry
from jobs.models import Task
from tests import sample_tasks

pytestmark = pytest.mark.django_db


def definitions(*tasks):
    return [registry.get(task.name) for task in tasks]


def test_new_tasks_appear_as_the_code_describes_them():
    Task.objects.all().follow(definitions(sample_tasks.add), {})
    row = Task.objects.get()
    assert (row.name, row.description) == (sample_tasks.add.name, "Add two numbers.")
    assert row.is_runnable


def test_a_task_that_vanished_is_marked_and_one_that_returns_is_not_any_more():
    both = definitions(sample_tasks.add, sample_tasks.fail)
    Task.objects.all().follow(both, {})
    Task.objects.all().follow(both[:1], {})
    gone = Task.objects.get(pk=sample_tasks.fail.name)
    assert gone.missing_at and not gone.is_runnable
    first_missed = gone.missing_at
    Task.objects.all().follow(both[:1], {})
    assert Task.objects.get(pk=gone.pk).missing_at == first_missed
    Task.objects.all().follow(both, {})
    assert Task.objects.get(pk=gone.pk).missing_at is None


def test_what_operators_wrote_is_kept():
    given = definitions(sample_tasks.add)
    Task.objects.all().follow(given, {})
    edited = {"enabled": False, "queue": "slow", "priority": 9, "time_limit": 5.0}
    Task.objects.update(**edited, title="forged by hand")
    Task.objects.all().follow(given, {})
    row = Task.objects.values().get()
    assert edited.items() <= row.items()
    assert row["title"] == given[0].title


def test_a_broken_module_is_a_row_until_it_is_mended():
    given = definitions(sample_tasks.add)
    Task.objects.all().follow(given, {"site.tasks.broken": "SyntaxError: …"})
    broken = Task.objects.get(pk="site.tasks.broken")
    assert broken.error == "SyntaxError: …" and not broken.is_runnable
    Task.objects.all().follow(given, {})
    assert [row.name for row in Task.objects.all()] == [sample_tasks.add.name]


def test_no_text_of_the_code_keeps_the_catalogue_from_being_written():
    harmful = "a\x00b\ud800\u202e"
    odd = dataclasses.replace(
        registry.get(sample_tasks.add.name),
        title=harmful + "x" * 300,
        description=harmful,
        tags=(harmful, 3, Decimal("1.5")),
    )
    Task.objects.all().follow([odd], {"site.tasks.broken": harmful})
    row = Task.objects.get(pk=sample_tasks.add.name)
    assert row.description == "a␀b�‹U+202E›"
    assert row.tags == [row.description, 3, "1.5"]
    assert len(row.title) == 255
    assert Task.objects.get(pk="site.tasks.broken").error == row.description
