"""What people see of jobs that run and say nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.states import State

from . import rows

pytestmark = pytest.mark.django_db
FLAGGED = {"stall_after": timedelta(minutes=5), "stalled_at": timezone.now(), "ago": 400}


@pytest.fixture
def admin(client: Client) -> Client:
    rows.task()
    client.force_login(rows.user("admin", is_superuser=True))
    return client


def html(client: Client, page: str, *args: Any, **query: Any) -> str:
    return client.get(reverse(f"jobs:{page}", args=args), query).content.decode()


def test_the_page_says_so_and_offers_the_stack(admin):
    job = rows.job(State.RUNNING, **FLAGGED)
    part = html(admin, "job", job.pk, part="gauge")
    assert "It has stalled." in part and "5 min of silence" in part
    assert f"/jobs/{job.pk}/verbs/stack" in part
    calm = rows.job(State.RUNNING, lease="other", stall_after=timedelta(minutes=5))
    assert "It has stalled." not in html(admin, "job", calm.pk)


def test_who_may_only_look_is_offered_no_stack(client):
    task = rows.task()
    viewer = rows.user("victor", is_active=True)
    group = viewer.groups.create(name="viewers")
    task.viewers.add(group)
    client.force_login(viewer)
    part = html(client, "job", rows.job(State.RUNNING, **FLAGGED).pk, part="gauge")
    assert "It has stalled." in part and "verbs/stack" not in part


def test_the_list_marks_counts_and_filters_them(admin):
    stalled = rows.job(State.RUNNING, **FLAGGED)
    calm = rows.job(State.RUNNING, lease="other")
    response = admin.get(reverse("jobs:jobs"))
    page = response.content.decode()
    assert response.context["stalled"] == 1 and "?q=is:stalled" in page
    assert page.count(">stalled</span>") == 1
    chosen = admin.get(reverse("jobs:jobs"), {"stalled": "1"})
    assert [sheet.job.pk for sheet in chosen.context["sheets"]] == [stalled.pk]
    assert 'name="q" value="is:stalled"' in chosen.content.decode()
    assert calm.pk not in chosen.content.decode()


def test_where_none_has_stalled_nothing_is_said_of_it(admin):
    rows.job(State.RUNNING)
    assert "?q=is:stalled" not in html(admin, "jobs")


def test_verbs_on_all_that_match_mean_the_stalled_ones_only(admin):
    rows.job(State.RUNNING, **FLAGGED)
    rows.job(State.RUNNING, lease="other")
    query = {"verb": "cancel", "all": "1", "stalled": "1"}
    assert admin.get(reverse("jobs:bulk"), query).context["look"].count == 1
