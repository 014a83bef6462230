"""The pages on which somebody does a verb to a worker, or asks it about itself."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from jobs.models import Event, Worker
from jobs.workers.asking import Answer
from tests.doors import rows
from tests.doors.test_worker_verbs import MAIN, Asked, asked  # noqa: F401
from tests.nouns.test_workers import FACTS

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def wanda(client: Client, asked: Asked) -> User:  # noqa: F811
    """She controls workers, and nothing else; `client` is hers."""
    Worker.tell(MAIN, FACTS)
    user = rows.user("wanda")
    user.user_permissions.add(Permission.objects.get(codename="control_workers"))
    client.force_login(user)
    return user


def place(verb: str, name: str = "worker_verb") -> str:
    return reverse(f"jobs:{name}", args=[MAIN, verb])


def test_a_worker_is_asked_from_its_form_and_the_page_says_what_it_answered(
    client,
    asked,  # noqa: F811
    wanda,
):
    assert 'name="n"' in client.get(place("grow")).content.decode()
    response = client.post(place("grow"), {"n": "2", "reason": "many wait"}, follow=True)
    page = response.content.decode()
    assert response.redirect_chain == [(reverse("jobs:worker", args=[MAIN]), 302)]
    assert "Grow its pool: the worker says: yes" in page
    assert "many wait" in page  # in its story
    assert asked == [(MAIN, "pool_grow", {"n": 2})]
    assert Event.objects.get(verb="grow").actor == wanda


@pytest.mark.parametrize(
    ("verb", "given", "told"),
    [
        ("shutdown", {}, "This field is required."),
        ("shutdown", {"reason": " "}, "This field is required."),
        ("grow", {"n": "0"}, "greater than or equal to 1"),
        ("grow", {"n": "2000"}, "Give a whole number from 1 to 1000."),
        ("add-queue", {"queue": "made.up"}, "No task and no setting names this queue."),
        ("remove-queue", {"queue": "other", "reason": "x"}, "Select a valid choice"),
        ("rate-limit", {"task": rows.ADD, "rate": "often"}, "Give a rate like 10/m"),
        ("time-limit", {"task": rows.ADD, "soft": "9", "hard": "2"}, "must come before"),
    ],
)
def test_what_cannot_be_is_told_on_its_field_and_nobody_is_asked(
    client,
    asked,  # noqa: F811
    wanda,
    verb,
    given,
    told,
):
    response = client.post(place(verb), given)
    assert response.status_code == 422
    assert told in response.content.decode()
    assert not asked and not Event.objects.filter(verb=verb).exists()


def test_silence_and_refusal_are_told_and_nothing_a_worker_says_is_a_tag(
    client,
    asked,  # noqa: F811
    wanda,
):
    asked.answer = Answer(is_heard=True, problem=f"cannot {HOSTILE}")
    page = client.post(place("grow"), {"n": "1"}, follow=True).content.decode()
    assert "cannot &lt;script&gt;" in page and HOSTILE not in page
    asked.answer = Answer(problem="It was asked, and gave no answer within 2 s.")
    page = client.get(place("stats", "ask_worker")).content.decode()
    assert "gave no answer within 2 s" in page
    asked.answer = Answer(is_heard=True, said={"broker": HOSTILE})
    page = client.get(place("stats", "ask_worker")).content.decode()
    assert HOSTILE not in page


def test_the_configuration_is_offered_and_shown_to_superusers_only(
    client,
    asked,  # noqa: F811
    wanda,
):
    conf = place("conf", "ask_worker")
    worker = reverse("jobs:worker", args=[MAIN])
    assert conf not in client.get(worker).content.decode()
    assert client.get(conf).status_code == 403
    assert not asked
    client.force_login(rows.user("root", is_superuser=True))
    assert conf in client.get(worker).content.decode()
    asked.answer = Answer(is_heard=True, said={"broker_url": "redis://:hunter2@db"})
    page = client.get(conf).content.decode()
    assert "broker_url" in page and "hunter2" not in page


@pytest.mark.parametrize(
    "address", ["verbs/nothing", "ask/nothing", "verbs/active", "ask/grow"]
)
def test_what_is_no_verb_is_not_there(client, wanda, address):
    assert client.get(f"{reverse('jobs:worker', args=[MAIN])}{address}").status_code == 404


def test_a_worker_that_is_gone_offers_nothing(client, wanda):
    Worker.leave(MAIN)
    for page in ("workers", "worker"):
        args = [MAIN] if page == "worker" else []
        assert (
            "verbs/grow" not in client.get(reverse(f"jobs:{page}", args=args)).content.decode()
        )
