"""Tickets open the socket once, for whoever asked for them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jobs.live.admission import visitor
from jobs.models import ApiToken, SocketTicket
from tests.doors import rows
from tests.doors.programs import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Program:
    return Program(rows.user("ada"))


def socket(ticket: str) -> dict[str, Any]:
    """The scope of a socket that is opened with it."""
    return {
        "type": "websocket",
        "path": "/ws",
        "headers": [(b"host", b"testserver")],
        "query_string": f"ticket={ticket}".encode(),
    }


def ticket_of(response: Any) -> str:
    assert response.status_code == 201
    return str(response.json()["ticket"])


def test_a_ticket_opens_one_socket(ada):
    ticket = ticket_of(ada.post("/ws-tickets"))
    assert ticket not in str(SocketTicket.objects.values())
    scope = socket(ticket)
    assert visitor(scope) == ada.user
    # The same socket is looked at again; another one is not let in.
    assert visitor(scope) == ada.user
    assert visitor(socket(ticket)) is None
    assert not SocketTicket.objects.exists()


def test_an_old_ticket_opens_nothing_and_goes(ada):
    ticket = ticket_of(ada.post("/ws-tickets"))
    SocketTicket.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert visitor(socket(ticket)) is None
    ada.post("/ws-tickets")
    assert SocketTicket.objects.count() == 1


@pytest.mark.parametrize("ticket", ["", "x", "%00", "%ff", "a" * 10_000])
def test_what_is_no_ticket_opens_nothing(ticket):
    assert visitor(socket(ticket)) is None


def test_a_socket_ends_with_the_token_that_its_ticket_came_from(ada):
    scope = socket(ticket_of(ada.post("/ws-tickets")))
    assert visitor(scope) == ada.user
    ApiToken.objects.all().revoke()
    assert visitor(scope) is None


def test_a_socket_ends_with_the_session_that_its_ticket_came_from(ada):
    browser = Client()
    browser.force_login(ada.user)
    scope = socket(ticket_of(browser.post("/api/ws-tickets")))
    assert visitor(scope) == ada.user
    browser.logout()
    assert visitor(scope) is None


def test_a_session_may_live_in_a_cookie(ada, settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    browser = Client()
    browser.force_login(ada.user)
    assert visitor(socket(ticket_of(browser.post("/api/ws-tickets")))) == ada.user


def test_a_socket_ends_when_its_person_is_deactivated(ada):
    scope = socket(ticket_of(ada.post("/ws-tickets")))
    assert visitor(scope) == ada.user
    ada.user.is_active = False
    ada.user.save()
    assert visitor(scope) is None
