"""The API under the prefix of somebody's site, which says so in its schema and its answers."""

import pytest
from django.test import Client
from django.urls import include, path

from jobs.models import ApiToken
from tests.doors import rows

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
urlpatterns = [path("tools/", include("jobs.urls"))]


def test_the_api_lies_where_the_site_puts_it():
    root = rows.user("root", is_superuser=True)
    rows.task()
    _row, text = ApiToken.objects.issue(root, ["read", "run"])
    program = Client(headers={"Authorization": f"Bearer {text}"})
    schema = program.get("/tools/api/openapi.json").json()
    assert all(address.startswith("/tools/api/") for address in schema["paths"])
    wish = {"params": {"x": 1}}
    asked = program.post(f"/tools/api/tasks/{rows.ADD}/jobs", wish, "application/json")
    assert asked.json()["url"] == f"/tools/jobs/{asked.json()['id']}/"
    assert program.get(asked["Location"]).json()["state"] == "queued"
    assert program.get("/tools/api/nothing").json()["code"] == "not_found"
