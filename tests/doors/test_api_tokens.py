"""Ways into the API: tokens, sessions, and none."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.api import auth
from jobs.conf import configuration
from jobs.models import ApiToken, Scope
from tests.doors import rows

pytestmark = pytest.mark.django_db
DOOR = "/api/openapi.json"
FAULT = {"code", "detail", "fields"}


def command(*words: str) -> str:
    out = StringIO()
    call_command("api_token", *words, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def status(token: str, client: Client | None = None) -> int:
    response = (client or Client()).get(DOOR, headers={"Authorization": f"Bearer {token}"})
    return response.status_code


@pytest.fixture
def ada():
    return rows.user("ada")


def test_a_new_token_opens_the_door_and_is_kept_as_a_digest_only(ada):
    text = command("create", "ada", "--name", "cron")
    assert status(text) == 200
    row = ApiToken.objects.get()
    assert text.startswith(row.start) and len(row.start) < 15
    assert text not in str(ApiToken.objects.values())
    assert row.scopes == ["control", "read", "run"]
    assert timedelta(days=89) < row.expires_at - timezone.now() < timedelta(days=91)
    listed = command("list", "ada")
    assert "cron" in listed and text not in listed
    assert status(text.swapcase()) == 401


def test_a_revoked_token_is_none(ada):
    text = command("create", "ada")
    assert command("revoke", str(ApiToken.objects.get().pk)) == "1 revoked"
    assert status(text) == 401
    assert "revoked" in command("list")
    with pytest.raises(CommandError, match="no token 999"):
        command("revoke", "999")


def test_an_expired_token_is_none(ada):
    text = command("create", "ada", "--days", "1")
    ApiToken.objects.update(expires_at=timezone.now())
    assert status(text) == 401


def test_a_token_of_a_deactivated_person_is_none(ada):
    text = command("create", "ada")
    ada.is_active = False
    ada.save()
    assert status(text) == 401


def test_a_token_without_the_scope_opens_nothing(ada):
    response = Client().get(
        DOOR, headers={"Authorization": f"Bearer {command('create', 'ada', '--scope', 'run')}"}
    )
    assert (response.status_code, response.json()["code"]) == (403, "scope")


def test_a_wrong_token_beside_a_session_is_refused(ada):
    client = Client()
    client.force_login(ada)
    assert client.get(DOOR).status_code == 200
    assert status("batuta_wrong", client) == 401


def test_a_token_in_the_address_opens_nothing(ada):
    assert Client().get(DOOR, {"token": command("create", "ada")}).status_code == 401


def test_the_last_use_is_known_to_the_minute(ada):
    text = command("create", "ada")
    assert ApiToken.objects.get().last_used_at is None
    status(text)
    used = ApiToken.objects.get().last_used_at
    with CaptureQueriesContext(connection) as caught:
        status(text)
    assert [query for query in caught if "UPDATE" in query["sql"]] == []
    ApiToken.objects.update(last_used_at=used - timedelta(minutes=2))
    status(text)
    assert ApiToken.objects.get().last_used_at >= used


def test_nobody_is_told_how_to_sign_in():
    response = Client().get(DOOR)
    assert response.status_code == 401
    assert set(response.json()) == FAULT
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("words", [("create", "nobody"), ("create", "ada", "--days", "0")])
def test_the_command_refuses_what_makes_no_sense(ada, words):
    with pytest.raises(CommandError):
        command(*words)
    assert not ApiToken.objects.exists()


def test_an_address_that_is_none_and_a_wrong_method_are_told_in_our_shape(ada):
    client = Client()
    client.force_login(ada)
    for address in ("/api/", "/api/nothing", "/api/nothing/"):
        response = client.get(address)
        assert response.status_code == 404
        assert set(response.json()) == FAULT
    response = client.delete(DOOR)
    assert (response.status_code, response["Allow"]) == (405, "GET")
    assert response.json()["code"] == "method_not_allowed"


def test_head_is_answered_as_get(ada):
    client = Client()
    client.force_login(ada)
    assert client.head(DOOR).status_code == 200


def test_answers_are_kept_by_no_cache_and_open_as_no_page(ada):
    response = Client().get(DOOR)
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_who_asks_too_often_waits(ada, settings, monkeypatch):
    settings.JOBS_API_REQUESTS_PER_MINUTE = 2
    monkeypatch.setattr(auth, "pace", auth.Pace())
    text = command("create", "ada")
    assert [status(text) for _again in range(3)] == [200, 200, 429]
    other = Client()
    other.force_login(rows.user("bob"))
    assert other.get(DOOR).status_code == 200
    response = Client().get(DOOR, headers={"Authorization": f"Bearer {text}"})
    assert 1 <= int(response["Retry-After"]) <= 31


def test_a_site_that_nobody_may_ask_is_refused(settings):
    settings.JOBS_API_REQUESTS_PER_MINUTE = 0
    with pytest.raises(ImproperlyConfigured, match="JOBS_API_REQUESTS_PER_MINUTE"):
        configuration()


def test_the_page_about_the_api_needs_no_other_server(ada):
    client = Client()
    assert client.get("/api/docs").status_code == 302
    client.force_login(ada)
    response = client.get("/api/docs")
    page = response.content.decode()
    assert "/static/ninja/swagger-ui-bundle.js" in page and "http" not in page
    assert "script-src 'self';" in response["Content-Security-Policy"]


def test_the_scopes_are_those_of_the_command():
    assert Scope.values == ["read", "run", "control"]
