"""Our pages on a site that has neither a sign-out, nor an admin, nor a home of ours."""

import re
import sys
from types import ModuleType

import pytest
from django.contrib import admin
from django.urls import include, path

from tests.doors import desk, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def bare(settings, monkeypatch):
    """Nothing but our own addresses, under a prefix."""
    urls = ModuleType("bare_urls")
    urls.urlpatterns = [path("deep/down/", include("jobs.urls"))]
    monkeypatch.setitem(sys.modules, urls.__name__, urls)
    settings.ROOT_URLCONF = urls.__name__
    settings.LOGIN_URL = "/door/"
    settings.JOBS_SOCKET_PATH = "/deep/socket"


@pytest.mark.parametrize("page", ["", "jobs/", "tasks/", "tokens/"])
def test_our_frame_stands_on_nothing_of_the_site(client, bare, page):
    assert client.get(f"/deep/down/{page}")["Location"].startswith("/door/?next=/deep/down/")
    client.force_login(rows.user("olivia", is_staff=True))
    answer = client.get(f"/deep/down/{page}")
    body = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="jobs-socket" content="/deep/socket"' in body
    assert "Sign out" not in body
    links = re.findall(r'(?:href|action)="(/[^"]*)"', body)
    assert [link for link in links if not link.startswith(("/deep/down/", "/static/"))] == []


def test_without_our_pages_the_form_of_a_schedule_is_sent_nowhere_while_one_types(
    client, settings, monkeypatch
):
    """To an empty address it would be sent to its own page, which saves it."""
    urls = ModuleType("admin_urls")
    urls.urlpatterns = [path("admin/", admin.site.urls)]
    monkeypatch.setitem(sys.modules, urls.__name__, urls)
    settings.ROOT_URLCONF = urls.__name__
    client.force_login(rows.user("boss", is_staff=True, is_superuser=True))
    rows.task()
    page = f"/admin/django_celery_beat/periodictask/{desk.schedule().pk}/change/"
    assert 'data-schedule=""' in client.get(page).content.decode()
