"""The log of a job: its last lines, a piece at a time, as a file, in colours."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs.states import State
from jobs.templatetags.ansi import ansi

from . import rows


@pytest.fixture
def job(client: Client, db: None) -> Any:
    """A job of 500 numbered lines, and its owner signed in."""
    owner = rows.user("owner")
    client.force_login(owner)
    job = rows.job(State.RUNNING, owner=owner)
    rows.log(job, *[f"line {n}" for n in range(1, 501)])
    return job


def asked(client: Client, job: Any, **query: Any) -> list[int]:
    answer = client.get(reverse("jobs:log", args=[job.pk]), query).json()
    assert answer["total"] == 500
    return [line[0] for line in answer["lines"]]


def numbers(client: Client, job: Any, **query: Any) -> list[int]:
    response = client.get(reverse("jobs:job", args=[job.pk]), query)
    return [line.number for line in response.context["sheet"].log.lines]


def test_the_page_shows_the_last_lines(client, job):
    assert numbers(client, job) == list(range(301, 501))


def test_a_line_can_be_linked_to_without_scripts(client, job):
    assert 17 in numbers(client, job, line=17)
    assert (
        'id="L17"'
        in client.get(reverse("jobs:job", args=[job.pk]), {"line": 17}).content.decode()
    )


def test_earlier_lines_can_be_loaded_without_scripts(client, job):
    assert numbers(client, job, before=301) == list(range(101, 301))
    assert numbers(client, job, before=11) == list(range(1, 11))


@pytest.mark.parametrize("query", [{"line": "x"}, {"before": "-1"}, {"line": "²"}])
def test_a_mistyped_place_is_not_found(client, job, query):
    assert client.get(reverse("jobs:job", args=[job.pk]), query).status_code == 404


def test_scripts_get_the_lines_after_one(client, job):
    assert asked(client, job, after=498) == [499, 500]
    assert asked(client, job, after=3, limit=4) == [4, 5, 6, 7]
    assert asked(client, job, after=500) == []
    assert asked(client, job, after="nonsense", limit=1) == [1]


def test_scripts_get_the_lines_before_one(client, job):
    assert asked(client, job, before=10, limit=3) == [7, 8, 9]
    assert asked(client, job, before=3, limit=50) == [1, 2]


def test_no_more_than_a_thousand_lines_at_once(client, job):
    rows.log(job, *["more"] * 1000, first=501)
    found = client.get(reverse("jobs:log", args=[job.pk]), {"limit": 10**8}).json()
    assert len(found["lines"]) == 1000


def test_the_whole_log_downloads_as_plain_text(client, job):
    rows.log(job, "\x1b[1;31mred\x1b[0m <b>", first=501)
    response = client.get(reverse("jobs:log_text", args=[job.pk]))
    body = b"".join(response.streaming_content).decode()
    assert body.count("\n") == 501
    assert body.endswith("info     red <b>\n")
    assert response["Content-Type"].startswith("text/plain")
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_job_that_wrote_nothing_says_so(client, db):
    owner = rows.user("owner")
    client.force_login(owner)
    job = rows.job(State.COMPLETED, owner=owner)
    page = client.get(reverse("jobs:job", args=[job.pk])).content.decode()
    assert "It wrote nothing." in page
    response = client.get(reverse("jobs:log_text", args=[job.pk]))
    assert b"".join(response.streaming_content) == b""


@pytest.mark.parametrize(
    ("line", "html"),
    [
        ("plain & <b>", "plain &amp; &lt;b&gt;"),
        ("\x1b[31mred\x1b[0m no", '<span class="a1">red</span> no'),
        ("\x1b[1;32mboth", '<span class="a2 ab">both</span>'),
        ("\x1b[2mdim\x1b[22m no", '<span class="ad">dim</span> no'),
        ("\x1b[94mbright", '<span class="a4">bright</span>'),
        ("\x1b[90mgrey", '<span class="ad">grey</span>'),
        ("\x1b[31m\x1b[39mnone", "none"),
        ("\x1b[mnone", "none"),
        ("\x1b[38;5;1mone of 256", '<span class="a1">one of 256</span>'),
        ("\x1b[38;5;200;1mbeyond", '<span class="ab">beyond</span>'),
        ("\x1b[38;2;1;31;32mtrue colour", "true colour"),
        ("\x1b[31;48;5;32mground", '<span class="a1">ground</span>'),
        ("\x1b[38", "[38"),
        ("\x1b[31m<script>\x1b[", '<span class="a1">&lt;script&gt;[</span>'),
        ("\x1b[;;;;31mx", '<span class="a1">x</span>'),
    ],
)
def test_colours_of_a_terminal_become_classes(line, html):
    assert ansi(line) == html
