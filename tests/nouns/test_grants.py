"""What a pattern or a tag means, and that it means the tasks of today."""

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from jobs import registry
from jobs.models import Grant, Role, Task
from tests import sample_tasks

pytestmark = pytest.mark.django_db


def grant(**what):
    group, _made = Group.objects.get_or_create(name="billing")
    return Grant(group=group, role=Role.VIEWERS, **what)


@pytest.mark.parametrize(
    ("what", "name", "tags", "is_meant"),
    [
        ({"pattern": "billing.*"}, "billing.send", [], True),
        ({"pattern": "billing.*"}, "billing.eu.send", [], True),
        ({"pattern": "billing.*"}, "billing", [], False),
        ({"pattern": "billing.*"}, "xbilling.send", [], False),
        ({"pattern": "billing.*"}, "Billing.send", [], False),
        ({"pattern": "billing.sen?"}, "billing.send", [], True),
        ({"pattern": "billing.send"}, "billingXsend", [], False),
        ({"pattern": "*"}, "anything", [], True),
        ({"tag": "money"}, "billing.send", ["money", "mail"], True),
        ({"tag": "money"}, "billing.send", ["moneys"], False),
        ({"tag": "mon*"}, "billing.send", ["money"], False),
        ({"tag": "3"}, "billing.send", [3], False),
    ],
)
def test_what_a_grant_means(what, name, tags, is_meant):
    assert grant(**what).means(name, tags) == is_meant


def names(row):
    return {task.name for task in row.tasks.all()}


def test_a_grant_follows_the_catalogue_and_its_own_changes():
    both = [registry.get(task.name) for task in (sample_tasks.add, sample_tasks.fail)]
    row = grant(pattern="tests.sample_tasks.*")
    row.save()
    assert names(row) == set()
    Task.objects.all().follow(both[:1], {})
    assert names(row) == {both[0].name}
    Task.objects.all().follow(both, {})
    assert names(row) == {each.name for each in both}
    row.pattern = "*.fail"
    row.save()
    assert names(row) == {sample_tasks.fail.name}


@pytest.mark.parametrize(
    "what", [{}, {"pattern": "a.*", "tag": "b"}, {"pattern": "a b"}, {"pattern": "[a-z]"}]
)
def test_what_is_no_grant(what):
    with pytest.raises(ValidationError):
        grant(**what).full_clean()


@pytest.mark.parametrize("what", [{}, {"pattern": "a.*", "tag": "b"}])
def test_the_database_refuses_what_means_nothing_or_two_things(what):
    with pytest.raises(IntegrityError), transaction.atomic():
        grant(**what).save()
