"""What holds for a task: the operator's word over the code's."""

import pytest
from celery import current_app
from celery.app.routes import Router, prepare

from jobs.dispatch.policy import Policy, policy_of, routed_queue
from jobs.models import Task
from tests.sample_tasks import add, plain_add, succeed_after

pytestmark = pytest.mark.django_db


def test_what_nobody_said_is_empty():
    policy = policy_of(add.name)
    assert (policy.enabled, policy.queue, policy.priority) == (True, "", None)
    assert (policy.soft_time_limit, policy.time_limit) == (None, None)


def test_the_code_says_what_becomes_of_a_lost_job():
    assert policy_of(add.name).on_lost == "retry"
    assert policy_of(plain_add.name).on_lost == "hold"
    assert policy_of(succeed_after.name).max_retries == 5


def test_an_operators_edit_holds_at_once_and_goes_with_the_row():
    row = Task.objects.create(name=add.name, title="Add", queue="slow", time_limit=3.5)
    assert (policy_of(add.name).queue, policy_of(add.name).time_limit) == ("slow", 3.5)
    row.enabled, row.queue = False, ""
    row.save()
    assert (policy_of(add.name).enabled, policy_of(add.name).queue) == (False, "")
    row.delete()
    assert policy_of(add.name).enabled


def test_what_holds_is_worked_out_once_until_one_of_the_two_says_something_else():
    row = Task.objects.create(name=add.name, title="Add", queue="slow")
    known = policy_of(add.name)
    assert policy_of(add.name) is known
    row.save()
    assert policy_of(add.name) == known and policy_of(add.name) is not known


def test_a_priority_of_zero_is_a_word_too():
    Task.objects.create(name=add.name, title="Add", priority=0)
    assert policy_of(add.name).priority == 0


def test_a_task_that_only_other_workers_know_has_the_operators_word_alone():
    assert policy_of("far.away") == Policy()
    Task.objects.create(name="far.away", title="Far", queue="far")
    assert policy_of("far.away").queue == "far"


def test_celerys_routes_are_followed(monkeypatch):
    assert routed_queue(add.name) == "celery"
    assert routed_queue(add.name, {"queue": "wished"}) == "wished"
    routes = prepare({"tests.sample_tasks.*": {"queue": "samples"}})
    router = Router(routes, current_app.amqp.queues, create_missing=True, app=current_app)
    monkeypatch.setattr(current_app.amqp, "router", router)
    assert routed_queue(add.name) == "samples"
    assert routed_queue(add.name, {"queue": "wished"}) == "wished"
