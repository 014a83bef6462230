"""The log of a job: its last lines, a piece at a time, as a file, in colours."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs.reading import finding
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


@pytest.fixture
def levels(job: Any) -> Any:
    """That job, with 3 lines more, each of a level of its own."""
    rows.log(job, "\x1b[31mTime\x1b[0m out of ✂ disk", level="warning", first=501)
    rows.log(job, "time out", level="error", first=502)
    rows.log(job, "a detail", level="debug", first=503)
    return job


def hits(client: Client, job: Any, **query: Any) -> dict[str, Any]:
    return client.get(reverse("jobs:log", args=[job.pk]), {"hits": "", **query}).json()


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"find": "TIME OUT"}, [501, 502]),
        ({"find": "✂ DISK"}, [501]),
        ({"level": "error"}, [502]),
        ({"level": "warning"}, [501, 502]),
        ({"level": "warning", "find": "disk"}, [501]),
        ({"find": "line 30"}, [30, *range(300, 310)]),
        ({"find": "nowhere"}, []),
        ({"level": "nonsense", "find": "a detail"}, [503]),
    ],
)
def test_the_whole_log_is_searched(client, levels, query, numbers):
    assert hits(client, levels, **query) == {"numbers": numbers, "is_more": False}


def test_a_search_has_its_bounds_and_says_so(client, levels, monkeypatch):
    monkeypatch.setattr(finding, "MOST_HITS", 3)
    assert hits(client, levels, find="line") == {"numbers": [1, 2, 3], "is_more": True}
    rows.log(levels, *["more"] * 1000, first=504)
    monkeypatch.setattr(finding, "PATIENCE_SECONDS", 0)
    assert hits(client, levels, find="nowhere") == {"numbers": [], "is_more": True}


def test_scripts_get_lines_of_a_level_alone(client, levels):
    answer = client.get(reverse("jobs:log", args=[levels.pk]), {"level": "warning"}).json()
    assert [line[0] for line in answer["lines"]] == [501, 502]


def test_without_scripts_a_search_shows_what_it_found(client, levels):
    response = client.get(
        reverse("jobs:job", args=[levels.pk]), {"find": "line", "before": 400}
    )
    found = response.context["sheet"].log
    assert (found.first, found.last, found.hits) == (200, 399, 500)
    page = response.content.decode()
    assert "500 lines were found." in page and "level=&amp;find=line&amp;before=200#log" in page
    page = client.get(reverse("jobs:job", args=[levels.pk]), {"find": "<b>"}).content.decode()
    assert "0 lines were found." in page and 'value="&lt;b&gt;"' in page


def test_what_was_found_can_be_downloaded_alone(client, levels):
    address = reverse("jobs:log_text", args=[levels.pk])
    body = b"".join(client.get(address, {"level": "warning"}).streaming_content).decode()
    assert body.splitlines() == [
        "2026-08-22T14:12:06.018Z warning  Time out of ✂ disk",
        "2026-08-22T14:12:06.018Z error    time out",
    ]
