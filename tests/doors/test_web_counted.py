"""The counted errors of a job as a table for spreadsheets."""

import csv
import io
from typing import Any

import pytest
from django.utils import timezone

from jobs.models import JobError
from jobs.states import State
from tests.doors import rows

pytestmark = pytest.mark.django_db


def table(client: Any, *errors: tuple[str, str]) -> list[list[str]]:
    client.force_login(rows.user("admin", is_superuser=True))
    job = rows.job(State.COMPLETED_WITH_ERRORS, errors_count=len(errors))
    for item, message in errors:
        JobError.objects.create(
            job=job, attempt=1, item=item, message=message, at=timezone.now()
        )
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert f'href="/jobs/{job.pk}/errors.csv"' in page
    response = client.get(f"/jobs/{job.pk}/errors.csv")
    assert response["Content-Disposition"] == f'attachment; filename="{job.pk}.errors.csv"'
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_each_error_is_a_row(client):
    head, *errors = table(client, ("a.png", "is broken"), ('b, "c"', "two\nlines"))
    assert head == ["time", "attempt", "item", "message"]
    shown = [row[1:] for row in errors]
    assert shown == [["1", "a.png", "is broken"], ["1", 'b, "c"', "two\nlines"]]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(client, first):
    formula = f"{first}cmd|' /C calc'!A0"
    _head, row = table(client, (formula, formula))
    assert row[2:] == [f"'{formula}", f"'{formula}"]
