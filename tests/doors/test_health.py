"""Alive, and ready: true answers, soon, whatever hangs."""

import os
import signal
import time
from threading import Event

import pytest
from django.conf import settings
from django.test import override_settings

from jobs.models import Leader
from jobs.web import broker, health
from project.supervisor import embedded
from tests.conftest import start_server

# What is promised is 2 s; a machine that runs tests may be busy with others.
LONGEST_SECONDS = 4.0


def test_the_patience_leaves_room_for_the_promise_of_two_seconds():
    assert health.PATIENCE_SECONDS < 2


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch):
    """No answer of an earlier test counts."""
    monkeypatch.setattr(health, "_latest", health._Latest())
    monkeypatch.setattr(broker, "_latest", broker._Latest())
    monkeypatch.setattr(broker, "PATIENCE_SECONDS", 10)


def test_a_process_that_lives_says_so_to_anybody(client):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "alive"}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_probes_may_come_by_any_address(client, settings, redis_server):
    settings.ALLOWED_HOSTS = ["jobs.example.org"]
    for path in ("/healthz", "/readyz"):
        assert client.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/login/", headers={"host": "10.0.0.7:8000"}).status_code == 400


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_nothing_can_be_posted(client, path):
    assert client.post(path).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_each_part_has_its_state(client, redis_server):
    Leader.hold(Leader.SCHEDULES, "me", seconds=60)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "degraded",
        "database": {"state": "up"},
        "redis": {"state": "up"},
        "broker": {"state": "up"},
        "workers": {"state": "none"},
        "beat": {"state": "up"},
        "files": {"state": "none"},
    }


@pytest.mark.django_db(transaction=True)
def test_a_beat_that_no_longer_renews_is_none(redis_server):
    assert health.beat() == "none"
    Leader.hold(Leader.SCHEDULES, "me", seconds=60)
    assert health.beat() == "up"
    Leader.resign(Leader.SCHEDULES, "me")
    assert health.beat() == "none"


@pytest.mark.django_db(transaction=True)
def test_nobody_who_fires_and_one_who_is_late_are_told_in_words(client, redis_server):
    beat = client.get("/readyz").json()["beat"]
    assert (beat["state"], "Nobody fires schedules" in beat["detail"]) == ("none", True)
    Leader.hold(Leader.SCHEDULES, "me", seconds=60)
    Leader.hold(Leader.SCHEDULES, "me", seconds=60, lag_seconds=11.0)
    health._latest.at -= health.FRESH_SECONDS
    beat = client.get("/readyz").json()["beat"]
    assert (beat["state"], "too late" in beat["detail"]) == ("late", True)


@pytest.mark.django_db(transaction=True)
def test_two_kinds_of_beat_at_once_are_told(client, redis_server):
    Leader.hold(Leader.SCHEDULES, "me", seconds=60)
    Leader.hold(Leader.STRANGER, "?", seconds=60)
    beat = client.get("/readyz").json()["beat"]
    assert beat["state"] == "doubled"
    assert "run twice" in beat["detail"]


@pytest.mark.django_db(transaction=True)
def test_without_the_database_the_site_is_unavailable(client, monkeypatch):
    monkeypatch.setitem(health.PROBES, "database", lambda: health.DOWN)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


def test_a_database_that_fails_is_down(monkeypatch, django_db_blocker):
    with django_db_blocker.unblock():
        monkeypatch.setitem(health.connection.settings_dict, "NAME", "/nowhere/db")
        monkeypatch.setitem(health.connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(health.connection.settings_dict, "PORT", "1")
        health.connection.close()
        assert health.database() == "down"


@pytest.fixture
def server_of_its_own(tmp_path):
    """A server that this test may stop, and settings that lead to it."""
    place = next(embedded.places(tmp_path))
    server = start_server(place, tmp_path)
    layers = {
        "default": {
            **settings.CHANNEL_LAYERS["default"],
            "CONFIG": {"hosts": [place.url], "prefix": "x"},
        }
    }
    with override_settings(CHANNEL_LAYERS=layers):
        yield server
    server.send_signal(signal.SIGCONT)
    server.terminate()
    server.wait(10)


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_hangs_is_down_and_the_answer_comes_in_two_seconds(
    client, server_of_its_own
):
    os.kill(server_of_its_own.pid, signal.SIGSTOP)
    begun = time.monotonic()
    answer = client.get("/readyz")
    assert time.monotonic() - begun < LONGEST_SECONDS
    assert answer.status_code == 200
    assert answer.json()["redis"] == {"state": "down"}


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_is_gone_is_down(server_of_its_own):
    assert health.redis() == "up"
    server_of_its_own.terminate()
    server_of_its_own.wait(10)
    assert health.redis() == "down"


def test_a_probe_that_hangs_does_not_hold_the_answer(client, monkeypatch, db):
    release = Event()
    probes = {"database": lambda: health.UP, "broker": release.wait}
    monkeypatch.setattr(health, "PROBES", probes)
    begun = time.monotonic()
    answer = client.get("/readyz").json()
    release.set()
    assert time.monotonic() - begun < LONGEST_SECONDS
    assert answer["broker"] == {"state": "down"}


def test_a_server_that_hangs_makes_no_other_look_down(client, monkeypatch, db):
    release = Event()
    hang = {"broker": release.wait, "workers": release.wait, "database": lambda: health.UP}
    monkeypatch.setattr(health, "PROBES", hang)
    monkeypatch.setattr(health, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.1)
    answers = [client.get("/readyz") for _ in range(20)]
    release.set()
    assert {answer.status_code for answer in answers} == {200}


def test_asking_often_does_not_ask_the_servers_often(client, monkeypatch):
    asked = []
    monkeypatch.setattr(health, "PROBES", {"database": lambda: asked.append(1) or health.UP})
    for _ in range(20):
        assert client.get("/readyz").json()["status"] == "ready"
    assert len(asked) <= 2


@pytest.mark.parametrize(
    ("names", "expected"),
    [([], "none"), (["celerybeat@a"], "none"), (["celerybeat@a", "celery@a"], "up")],
)
def test_beat_that_answers_is_not_a_worker(names, expected):
    assert health.state_of_workers(names) == expected


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_evicts_is_risky_and_the_page_of_workers_says_why(
    client, admin_client, redis_client
):
    if os.environ.get("TEST_BROKER_URL"):
        pytest.skip("another broker rings here")
    before = redis_client.config_get("maxmemory-policy")["maxmemory-policy"]
    redis_client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        told = client.get("/readyz").json()["broker"]
        page = admin_client.get("/workers/").content.decode()
    finally:
        redis_client.config_set("maxmemory-policy", before)
    assert told["state"] == "risky" and "lru" not in told["detail"]
    assert "maxmemory-policy allkeys-lru" in page and "jobs.E021" in page
