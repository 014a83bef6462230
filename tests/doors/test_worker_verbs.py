"""The verbs on workers by API and command: who may, what is refused before anybody is asked,
and what is kept of it. A real worker does them in tests/whole/test_worker_verbs.py."""

import io
import json
import threading
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command

from jobs.models import Event, Worker
from jobs.sanitize import HIDDEN
from jobs.states import State
from jobs.workers import asking, readings, verbs
from jobs.workers.asking import Answer, answer_of, ask
from jobs.workers.masked import configuration, masked
from jobs.workers.verbs import VERBS
from tests.doors import rows
from tests.doors.programs import Program

pytestmark = pytest.mark.django_db
MAIN = "main@node"
GIVEN: dict[str, dict[str, Any]] = {
    "grow": {"n": 2},
    "shrink": {"n": 1},
    "autoscale": {"max": 8, "min": 2},
    "add-queue": {"queue": "mikrom:queue"},
    "remove-queue": {"queue": "slow"},
    "time-limit": {"task": rows.ADD, "soft": 5, "hard": 9.5},
    "rate-limit": {"task": rows.ADD, "rate": "10/m"},
}


class Asked(list[tuple[str, str, dict[str, Any]]]):
    """What workers were asked, and what they answer."""

    answer = Answer(is_heard=True, said="yes")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked()

    def note(name: str, command: str, arguments: Any = None) -> Answer:
        asked.append((name, command, dict(arguments or {})))
        return asked.answer

    for module in (verbs, readings):
        monkeypatch.setattr(module, "ask", note)
    Worker.objects.create(name=MAIN, pool="prefork", slots=2, queues=["celery"])
    rows.task()
    return asked


@pytest.fixture
def wanda() -> User:
    """She controls workers, and nothing else."""
    user = rows.user("wanda")
    user.user_permissions.add(Permission.objects.get(codename="control_workers"))
    return user


def command(*words: str) -> str:
    out = io.StringIO()
    call_command("worker", *words, stdout=out)
    return out.getvalue().strip()


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_asked_told_and_signed(asked, root, verb):
    response = root.post(
        f"/workers/{MAIN}/{verb}", {"reason": "why not", **GIVEN.get(verb, {})}
    )
    assert response.status_code == 200, response.json()
    assert (response.json()["answered"], response.json()["said"]) == (True, "yes")
    name, did, arguments = asked[0]
    assert (name, did) == (MAIN, VERBS[verb].command)
    event = Event.objects.get(verb=verb)
    assert (event.subject, event.actor, event.reason) == (MAIN, root.user, "why not")
    assert event.after == {**arguments, "answer": "yes"}


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS.values() if verb.is_grave])
def test_a_grave_verb_needs_a_reason_by_every_door(asked, root, verb):
    given = GIVEN.get(verb, {})
    for reason in ({}, {"reason": "  "}):
        response = root.post(f"/workers/{MAIN}/{verb}", {**given, **reason})
        assert (response.status_code, [*response.json()["fields"]]) == (422, ["reason"])
    with pytest.raises(CommandError, match="Say why"):
        command(verb, MAIN, *map(str, given.values()))
    assert not asked and not Event.objects.exists()


@pytest.mark.parametrize(
    ("verb", "given", "field"),
    [
        ("grow", {}, "n"),
        ("grow", {"n": 0}, "n"),
        ("grow", {"n": -5}, "n"),
        ("grow", {"n": 1001}, "n"),
        ("grow", {"n": 10**40}, "n"),
        ("grow", {"n": True}, "n"),
        ("grow", {"n": "2"}, "n"),
        ("grow", {"n": 1, "queue": "x"}, "queue"),
        ("grow", {"n": 1, "destination": ["all"]}, "destination"),
        ("autoscale", {"max": 2, "min": 3}, "min"),
        ("autoscale", {"max": 2}, "min"),
        ("add-queue", {"queue": ""}, "queue"),
        ("add-queue", {"queue": "a b"}, "queue"),
        ("add-queue", {"queue": "a\x00"}, "queue"),
        ("add-queue", {"queue": "a\n"}, "queue"),
        ("add-queue", {"queue": "q" * 256}, "queue"),
        ("time-limit", {"task": "nobody.knows", "hard": 1}, "task"),
        ("time-limit", {"task": rows.ADD, "soft": 9, "hard": 2}, "soft"),
        ("time-limit", {"task": rows.ADD, "hard": 0}, "hard"),
        ("rate-limit", {"task": rows.ADD, "rate": "10/d"}, "rate"),
        ("rate-limit", {"task": rows.ADD, "rate": "-1/s"}, "rate"),
        ("rate-limit", {"task": rows.ADD, "rate": "nan"}, "rate"),
        ("rate-limit", {"task": rows.ADD, "rate": "1/s\n"}, "rate"),
    ],
)
def test_what_no_worker_could_do_is_refused_before_it_is_asked(asked, root, verb, given, field):
    response = root.post(f"/workers/{MAIN}/{verb}", given)
    assert response.status_code == 422
    assert field in response.json()["fields"]
    assert not asked and not Event.objects.exists()


def test_who_controls_workers_may_not_name_new_queues(asked, wanda):
    program = Program(wanda)
    refused = program.post(f"/workers/{MAIN}/add-queue", {"queue": "made.up"})
    assert refused.json()["fields"] == {"queue": ["No task and no setting names this queue."]}
    rows.task("billing", queue="slow")
    assert program.post(f"/workers/{MAIN}/add-queue", {"queue": "slow"}).status_code == 200
    assert [arguments for _name, _command, arguments in asked] == [{"queue": "slow"}]


def test_who_controls_workers_shuts_them_down_and_reads_no_configuration(asked, wanda):
    program = Program(wanda)
    assert program.get(f"/workers/{MAIN}/conf").status_code == 403
    with pytest.raises(CommandError, match="wanda may not read that"):
        command("conf", MAIN, "--user", "wanda")
    assert not asked
    assert program.get(f"/workers/{MAIN}/stats").status_code == 200
    told = program.post(f"/workers/{MAIN}/shutdown", {"reason": "a new release"})
    assert told.status_code == 200
    assert Event.objects.get().actor == wanda


@pytest.mark.parametrize(
    "name", ["nobody@node", "main@node ", "MAIN@node", "*", "main%", "x/y"]
)
def test_what_is_no_worker_is_asked_nothing(asked, root, name):
    assert root.post(f"/workers/{name}/shutdown", {"reason": "x"}).status_code == 404
    assert root.get(f"/workers/{name}/conf").status_code == 404
    with pytest.raises(CommandError, match="There is no worker"):
        command("shutdown", name, "--reason", "x")
    assert not asked


def test_who_does_not_control_workers_sees_none_in_a_shell(asked):
    rows.user("otto")
    assert MAIN not in command("list", "--user", "otto")
    with pytest.raises(CommandError, match="There is no worker"):
        command("grow", MAIN, "1", "--user", "otto")
    assert not asked


def test_the_command_does_what_the_api_does(asked):
    rows.user("olivia", is_superuser=True)
    assert MAIN in command("list")
    assert command("grow", MAIN, "2", "--by", "olivia") == "yes"
    assert command("time-limit", MAIN, rows.ADD, "--hard", "9") == "yes"
    assert command("rate-limit", MAIN, rows.ADD) == "yes"
    assert [arguments for _name, _command, arguments in asked] == [
        {"n": 2},
        {"task_name": rows.ADD, "soft": None, "hard": 9.0},
        {"task_name": rows.ADD, "rate_limit": ""},
    ]
    assert Event.objects.get(verb="grow").actor.username == "olivia"


def test_a_refusal_of_the_worker_is_a_conflict_and_silence_is_told(asked, root):
    asked.answer = Answer(is_heard=True, problem="Autoscale not enabled")
    refused = root.post(f"/workers/{MAIN}/autoscale", GIVEN["autoscale"])
    assert (refused.status_code, refused.json()["code"]) == (409, "refused")
    assert refused.json()["detail"] == "Autoscale not enabled"
    with pytest.raises(CommandError, match="Autoscale not enabled") as raised:
        command("autoscale", MAIN, "8", "2")
    assert raised.value.returncode == 1
    asked.answer = Answer(problem="It gave no answer.")
    silent = root.post(f"/workers/{MAIN}/grow", {"n": 1})
    assert (silent.status_code, silent.json()["answered"]) == (202, False)
    assert root.get(f"/workers/{MAIN}/ping").json()["detail"] == "It gave no answer."
    with pytest.raises(CommandError, match="no answer") as raised:
        command("ping", MAIN)
    assert raised.value.returncode == 3
    answers = Event.objects.filter(verb="autoscale").values_list("after__answer", flat=True)
    assert {*answers} == {"Autoscale not enabled"}


def test_what_runs_is_shown_without_arguments_and_only_as_far_as_one_sees_it(asked, wanda):
    hers, other = rows.job(State.RUNNING, owner=wanda), rows.job(State.RUNNING)
    secret = {"args": ["hunter2"], "kwargs": {"card": "4111"}}
    told = [{"id": job.pk, "name": rows.ADD, **secret} for job in (hers, other)]
    told.append({"id": "foreign", "name": "plain.task", "time_start": 1.5, **secret})
    asked.answer = Answer(is_heard=True, said=told)
    said = Program(wanda).get(f"/workers/{MAIN}/active").json()["said"]
    assert said == {
        "items": [
            {"id": hers.pk, "task": rows.ADD},
            {"id": "foreign", "task": "plain.task", "started_at": 1.5},
        ],
        "hidden": 1,
    }


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ({"broker_url": "redis://:hunter2@db:6379/0"}, "hunter2"),
        ({"broker_url": ["amqp://me:hun/ter2@a//", "amqp://me:hun/ter2@b//"]}, "ter2"),
        ({"result_backend": "redis://db?password=hunter2&x=1"}, "hunter2"),
        ({"broker_transport_options": {"sentinel_kwargs": {"password": "hunter2"}}}, "hunter2"),
        ({"beat_schedule": {"a": {"task": "t", "kwargs": {"card": "hunter2"}}}}, "hunter2"),
        ({"beat_schedule": {"a": {"task": "t", "args": ["hunter2"]}}}, "hunter2"),
        ({"s3_access_key_id": "hunter2"}, "hunter2"),
        ({"sentry_dsn": "https://hunter2@sentry.io/1"}, "hunter2"),
        ({"other": "https://hunter2@sentry.io/1"}, "hunter2"),
        ({"note": ["the key of the site is site-wide-hunter2"]}, "hunter2"),
        ({"broker_use_ssl": {"ssl_keyfile": "/hunter2"}}, "hunter2"),
    ],
)
def test_no_secret_is_told(settings, value, secret):
    settings.SECRET_KEY = "site-wide-hunter2"
    found = json.dumps(masked(value), ensure_ascii=False)
    assert secret not in found
    assert HIDDEN in found


def test_a_configuration_is_celerys_own_and_not_all_settings_of_the_site():
    told = {"CELERY_BROKER_URL": "redis://:hunter2@db", "CELERY_TIMEZONE": "UTC",
            "EMAIL_URL": "smtp://hunter2", "worker_concurrency": 2,
            "STRIPE": "hunter2"}  # fmt: skip
    url = f"redis://:{HIDDEN}@db"
    assert configuration(told) == {
        "broker_url": url, "timezone": "UTC", "worker_concurrency": 2
    }  # fmt: skip


def test_what_is_no_secret_stays():
    plain = {"timezone": "UTC", "worker_prefetch_multiplier": 1, "task_acks_late": False,
             "task_default_routing_key": "celery", "broker_url": "redis://db:6379/0",
             "accept_content": ["json"], "task_send_sent_event": True}  # fmt: skip
    assert masked(plain) == plain


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ({"error": "ValueError('Autoscale not enabled')"}, "Autoscale not enabled"),
        ({"error": "unknown task"}, "unknown task"),
        ({"error": "ValueError('a\\x1b[2Jb')"}, "ab"),
        ({"error": "KeyError('batuta_cold_shutdown')"}, "batuta_cold_shutdown"),
        ({"error": "X('" + "y" * 9000 + "')"}, "y" * 10),
    ],
)
def test_a_problem_is_told_in_its_own_words(reply, problem):
    answer = answer_of(reply)
    assert answer.is_heard and answer.problem.startswith(problem)
    assert len(answer.problem) <= asking.LONGEST_WORDS


def test_a_broker_that_hangs_holds_nobody_up_and_keeps_few_threads(monkeypatch):
    go = threading.Event()
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(asking, "_converse", lambda *args: go.wait(10) and Answer())
    answers = [ask(MAIN, "ping") for _ in range(asking.MOST_AT_ONCE + 1)]
    assert not any(answer.is_heard for answer in answers)
    assert answers[0].problem == "The broker does not answer."
    assert "Too many" in answers[-1].problem
    go.set()
