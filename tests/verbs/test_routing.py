"""Routing rules: where the jobs of many tasks go, by the tasks' names."""

import pytest

from jobs import task
from jobs.dispatch import policy, routes
from jobs.dispatch.enqueue import enqueue
from jobs.execution import routing
from jobs.execution.order import Order
from jobs.execution.queues import known
from jobs.models import Event, Job, Queue, Route, Task
from jobs.params import Invalid

pytestmark = pytest.mark.django_db
BILLING = "tests.routing.billing.pay"
WHY = Order(reason="the month ends")


@task(name=BILLING)
def pay() -> None: ...


@task(name="tests.routing.coded", queue="by-code")
def coded() -> None: ...


@pytest.fixture(autouse=True)
def fresh():
    routes.forget(), policy.forget()
    for name in (BILLING, "tests.routing.coded"):
        Task.objects.create(name=name, title=name)
    yield
    routes.forget(), policy.forget()


def queue_of(asked: object, **wish: object) -> str:
    return Job.objects.get(pk=enqueue(asked, {}, **wish).pk).queue


def test_the_first_rule_that_means_a_task_says_where_its_jobs_go():
    routing.write([("tests.routing.b*", "money"), ("tests.*", "rest")], WHY)
    assert (queue_of(pay), queue_of(coded)) == ("money", "rest")
    routing.write([("tests.*", "rest"), ("tests.routing.b*", "money")], WHY)
    assert queue_of(pay) == "rest"
    routing.write([], WHY)
    assert (queue_of(pay), queue_of(coded)) == ("celery", "by-code")


def test_the_call_and_the_operator_of_the_task_come_before_a_rule_and_the_code_after():
    routing.write([("tests.*", "rest")], WHY)
    assert queue_of(coded, queue="asked") == "asked"
    assert queue_of(coded) == "rest"
    Task.objects.get(pk=coded.name).save()
    row = Task.objects.get(pk=coded.name)
    row.queue = "own"
    row.save()
    assert queue_of(coded) == "own"


@pytest.mark.django_db(transaction=True)
def test_calls_the_way_of_celery_go_by_rules_too():
    routing.write([("tests.*", "rest")], WHY)
    asked = [pay.delay(), coded.delay(), pay.apply_async(queue="asked")]
    queues = [Job.objects.get(pk=each.id).queue for each in asked]
    assert queues == ["rest", "rest", "asked"]


def test_an_edit_leaves_its_event_and_queues_that_people_find(admin_user):
    done = routing.write([("tests.*", "rest")], Order(admin_user, "why not"))
    assert done.changed and not routing.write([("tests.*", "rest")], WHY).changed
    told = Event.objects.get(verb="edit_routes")
    assert (told.before, told.after) == ({"rules": []}, {"rules": [["tests.*", "rest"]]})
    assert (told.actor, told.reason) == (admin_user, "why not")
    assert Queue.objects.filter(pk="rest").exists() and "rest" in known()


def test_who_saw_other_rules_changes_nothing():
    seen = routing.fingerprint(routing.told())
    routing.write([("a", "b")], WHY, seen=seen)
    with pytest.raises(routing.Outdated):
        routing.write([("a", "c")], WHY, seen=seen)
    assert routing.told() == [("a", "b")]


def test_what_waits_moves_along_on_request_unless_its_call_chose_a_queue():
    there, chosen = enqueue(pay, {}), enqueue(pay, {}, queue="asked")
    assert routing.write([("x*", "rest")], WHY, moves=True).moved == 0
    done = routing.write([("tests.routing.b*", "money")], WHY, moves=True)
    assert (done.moved, done.left) == (1, 0)
    assert Job.objects.get(pk=there.pk).queue == "money"
    assert Job.objects.get(pk=chosen.pk).queue == "asked"
    assert routing.remove("tests.routing.b*", WHY, moves=True).moved == 1
    assert Job.objects.get(pk=there.pk).queue == "celery"


def test_one_rule_comes_changes_and_goes():
    routing.put("a*", "one", WHY, first=False, moves=False)
    routing.put("b*", "two", WHY, first=True, moves=False)
    routing.put("a*", "three", WHY, first=False, moves=False)
    assert routing.told() == [("b*", "two"), ("a*", "three")]
    routing.put("a*", "three", WHY, first=True, moves=False)
    assert routing.told() == [("a*", "three"), ("b*", "two")]
    assert [rule.place for rule in Route.objects.all()] == [1, 2]


@pytest.mark.parametrize(
    "rules",
    [
        [("a b", "q")], [("", "q")], [("a", "")], [("a", "q<b>")], [("[a]", "q")],
        [("a\x00", "q")], [("a", "q"), ("a", "p")], [("a" * 256, "q")],
        [(f"a{n}", "q") for n in range(routing.MOST + 1)],
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused_and_changes_nothing(rules):
    with pytest.raises(Invalid):
        routing.write(rules, WHY)
    assert routing.told() == [] and not Event.objects.exists()


def test_people_write_a_rule_in_a_line():
    assert routing.read(" a.*  → q\n\nb p\n") == [("a.*", "q"), ("b", "p")]
    with pytest.raises(Invalid):
        routing.read("a b c")
