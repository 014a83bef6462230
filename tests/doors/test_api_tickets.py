"""Tickets open the socket once, for whoever asked for them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jobs.live.admission import Credential, credential, person_of
from jobs.models import ApiToken, SocketTicket
from tests.doors import rows
from tests.doors.programs import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Program:
    return Program(rows.user("ada"))


def opened(ticket: str) -> Credential:
    """By what a socket is open that is opened with it."""
    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/ws",
        "headers": [(b"host", b"testserver")],
        "query_string": f"ticket={ticket}".encode(),
    }
    return credential(scope)


def ticket_of(response: Any) -> str:
    assert response.status_code == 201
    return str(response.json()["ticket"])


def test_a_ticket_opens_one_socket(ada):
    ticket = ticket_of(ada.post("/ws-tickets"))
    assert ticket not in str(SocketTicket.objects.values())
    socket = opened(ticket)
    assert person_of(socket) == ada.user
    # The same socket is looked at again; another one is not let in.
    assert person_of(socket) == ada.user
    assert person_of(opened(ticket)) is None
    assert not SocketTicket.objects.exists()


def test_an_old_ticket_opens_nothing_and_goes(ada):
    ticket = ticket_of(ada.post("/ws-tickets"))
    SocketTicket.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert person_of(opened(ticket)) is None
    ada.post("/ws-tickets")
    assert SocketTicket.objects.count() == 1


@pytest.mark.parametrize("ticket", ["", "x", "%00", "%ff", "a" * 10_000])
def test_what_is_no_ticket_opens_nothing(ticket):
    assert person_of(opened(ticket)) is None


def test_a_socket_ends_with_the_token_that_its_ticket_came_from(ada):
    socket = opened(ticket_of(ada.post("/ws-tickets")))
    assert person_of(socket) == ada.user
    ApiToken.objects.all().revoke()
    assert person_of(socket) is None


def test_a_socket_ends_with_the_session_that_its_ticket_came_from(ada):
    browser = Client()
    browser.force_login(ada.user)
    socket = opened(ticket_of(browser.post("/api/ws-tickets")))
    assert person_of(socket) == ada.user
    browser.logout()
    assert person_of(socket) is None


def test_a_session_may_live_in_a_cookie(ada, settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    browser = Client()
    browser.force_login(ada.user)
    assert person_of(opened(ticket_of(browser.post("/api/ws-tickets")))) == ada.user


def test_a_socket_ends_when_its_person_is_deactivated(ada):
    socket = opened(ticket_of(ada.post("/ws-tickets")))
    assert person_of(socket) == ada.user
    ada.user.is_active = False
    ada.user.save()
    assert person_of(socket) is None
