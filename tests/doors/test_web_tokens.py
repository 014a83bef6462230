"""The page of one's own API tokens."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs.models import ApiToken
from tests.doors import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Client:
    client = Client()
    client.force_login(rows.user("ada"))
    return client


def test_a_token_is_made_and_shown_once(ada):
    page = ada.post("/tokens/", {"name": "cron", "scopes": ["read", "run"], "days": "30"})
    shown = re.search(r'id="token">(\S+)</code>', page.content.decode())
    assert shown and page["Cache-Control"] and "no-store" in page["Cache-Control"]
    row = ApiToken.objects.get()
    assert (row.name, row.scopes, row.user.username) == ("cron", ["read", "run"], "ada")
    assert 29 <= (row.expires_at - row.created_at).days <= 30
    assert ApiToken.objects.holding(shown[1]) == row
    later = ada.get("/tokens/").content.decode()
    assert "cron" in later and row.start in later and shown[1] not in later


@pytest.mark.parametrize(
    "wish",
    [
        {"scopes": [], "days": "30"},
        {"scopes": ["everything"], "days": "30"},
        {"scopes": ["read"], "days": "100000"},
        {"scopes": ["read"], "days": ""},
        {"scopes": ["read"], "days": "30", "name": "\0"},
        {"scopes": ["read"], "days": "30", "name": "x" * 101},
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(ada, wish):
    assert ada.post("/tokens/", wish).status_code == 422
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked(ada):
    ada.post("/tokens/", {"scopes": ["read"], "days": "7"})
    token = ApiToken.objects.get()
    page = ada.post(f"/tokens/{token.pk}/revoke", follow=True).content.decode()
    assert "opens nothing any more" in page and "revoked" in page
    assert not ApiToken.objects.valid().exists()


def test_nobody_sees_the_tokens_of_another(ada):
    bob = rows.user("bob")
    token, _text = ApiToken.objects.issue(bob, ["read"], name="of bob")
    assert "of bob" not in ada.get("/tokens/").content.decode()
    assert ada.post(f"/tokens/{token.pk}/revoke").status_code == 404
    assert ada.post(f"/tokens/{'9' * 30}/revoke").status_code == 404
    assert ApiToken.objects.valid().exists()


def test_many_tokens_need_no_more_queries(ada):
    owner = ApiToken._meta.get_field("user").remote_field.model.objects.get()
    counts = []
    for more in (1, 5):
        for _number in range(more):
            ApiToken.objects.issue(owner, ["read"])
        with CaptureQueriesContext(connection) as asked:
            ada.get("/tokens/")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 9
