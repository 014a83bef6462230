"""Whose job it is that a view asks for."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from jobs.models import Job
from jobs.web.acting import ActingPerson
from tests.sample_tasks import plain_add


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(plain_add.delay(1, 2).id)


@pytest.mark.django_db
def test_a_job_that_a_view_asks_for_belongs_to_the_person_of_the_request() -> None:
    request = HttpRequest()
    request.user = get_user_model().objects.create_user("olivia")
    job = Job.objects.get(pk=ActingPerson(view)(request).content.decode())
    assert job.owner == request.user


@pytest.mark.django_db
def test_a_job_of_an_anonymous_request_belongs_to_nobody() -> None:
    request = HttpRequest()
    request.user = AnonymousUser()
    job = Job.objects.get(pk=ActingPerson(view)(request).content.decode())
    assert job.owner is None
