"""Routing rules on their page, by the API and from a shell."""

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client

from jobs.dispatch import policy, routes
from jobs.execution import routing
from jobs.execution.order import Order
from jobs.models import Event, Job, Worker
from jobs.states import State
from tests.nouns.test_workers import FACTS

from . import rows

pytestmark = pytest.mark.django_db
FAMILY = rows.ADD.rpartition(".")[0] + ".*"


@pytest.fixture(autouse=True)
def fresh():
    routes.forget(), policy.forget()
    yield
    routes.forget(), policy.forget()


@pytest.fixture
def operator(client: Client) -> Any:
    """Who controls queues, and is nothing else."""
    user = rows.user("otto")
    user.user_permissions.add(Permission.objects.get(codename="control_queues"))
    client.force_login(user)
    rows.task()
    Worker.tell("main@node", {**FACTS, "queues": ["celery"]})
    return user


def put(client: Client, **body: Any) -> Any:
    return client.put("/api/routes", json.dumps(body), content_type="application/json")


def seen(client: Client) -> str:
    return str(client.get("/queues/routes").context["form"].initial["seen"])


def test_a_page_writes_them_moves_what_waits_and_warns_that_nobody_serves(client, operator):
    waiting = rows.job(queue="celery")
    given = {"rules": f"{FAMILY} → money\r\n", "moves": "on", "reason": "the month ends"}
    page = client.post("/queues/routes", given | {"seen": seen(client)}, follow=True)
    text = page.content.decode()
    assert page.redirect_chain and "Nobody serves it" in text
    assert "1 job that waited was moved along." in text
    assert "No worker takes from “money”" in text and "the month ends" in text
    assert Job.objects.get(pk=waiting.pk).queue == "money"
    assert Event.objects.get(verb="edit_routes").actor == operator
    assert "Routing rules" in client.get("/queues/").content.decode()


def test_a_page_keeps_what_was_typed_when_it_cannot_be(client, operator):
    page = client.post("/queues/routes", {"rules": "<b> x y", "seen": seen(client)})
    assert page.status_code == 422
    assert "&lt;b&gt; x y" in page.content.decode() and routing.told() == []


def test_who_looked_before_another_wrote_is_told_so(client, operator):
    before = seen(client)
    routing.write([("a*", "q")], Order())
    page = client.post("/queues/routes", {"rules": "", "seen": before})
    assert page.status_code == 422 and "Somebody changed the rules" in page.content.decode()
    assert put(client, items=[], seen=before).status_code == 409
    assert routing.told() == [("a*", "q")]


def test_the_api_tells_and_writes_them(client, admin_client, operator):
    rule = {"pattern": FAMILY, "queue": "celery"}
    told = put(admin_client, items=[rule], reason="so").json()
    assert told["items"] == [rule | {"served": True, "tasks": [rows.ADD]}]
    assert client.get("/api/routes").json()["items"] == [rule | {"served": True, "tasks": []}]
    assert put(client, items=[{"pattern": "a b", "queue": "q"}]).status_code == 422
    again = put(client, items=[], seen=told["seen"])
    assert again.status_code == 200 and again.json()["items"] == []


def test_the_page_of_a_policy_says_which_rule_holds(admin_client, operator):
    routing.write([(FAMILY, "money")], Order())
    assert f"{FAMILY} → money" in admin_client.get(f"/tasks/{rows.ADD}/policy").content.decode()


def test_a_shell_writes_them_too(operator):
    job = rows.job(State.QUEUED, queue="celery")
    out, err = io.StringIO(), io.StringIO()

    def run(*words: str) -> None:
        call_command("queue", *words, "--user", "otto", stdout=out, stderr=err)

    run("route", FAMILY, "money", "--move", "--reason", "so")
    run("routes")
    run("unroute", FAMILY)
    run("unroute", FAMILY)
    said = out.getvalue()
    assert "Done. 1 moved." in said and "money" in said and "It was so already." in said
    assert "No worker takes from 'money'." in err.getvalue()
    assert Job.objects.get(pk=job.pk).queue == "money"
    with pytest.raises(CommandError):
        run("route", "a b", "q")
