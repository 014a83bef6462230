"""The retry policy of a task, on its page."""

import html
import re

import pytest
from django.test import Client

from tests import fallback_tasks, retry_tasks
from tests.doors import rows

pytestmark = pytest.mark.django_db


def policy(client: Client, task: str) -> str:
    rows.task(task)
    client.force_login(rows.user("admin", is_superuser=True))
    page = client.get(f"/tasks/{task}/").content.decode().split(">Policy<")[1]
    words = re.sub(r"<[^>]+>", " ", page.split("</section>")[0])
    return re.sub(r"\s+([,.])", r"\1", re.sub(r"\s+", " ", html.unescape(words)))


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (rows.ADD, "3 at most, when it asks for them"),
        (retry_tasks.ours.name, "3 at most, after Temporary, not after Hopeless 3.0 s later"),
        (retry_tasks.plain.name, "then doubling up to 10 s"),
        (retry_tasks.in_a_class.name, "3 at most, after Temporary, not after Hopeless"),
        (retry_tasks.fixed.name, "1 at most, after Temporary 7.0 s later"),
        (retry_tasks.by_keywords.name, "5 at most, after Temporary 4.0 s later"),
        (retry_tasks.jittered.name, "without end, after Temporary 1.0 s later, then"),
        (retry_tasks.jittered.name, "at random below that"),
        (fallback_tasks.plan_a.name, "Fallback plan_b"),
        (fallback_tasks.then_d_by_name.name, "Fallback tests.fallback_tasks.plan_d"),
    ],
)
def test_the_page_of_a_task_says_when_it_is_tried_again(client, task, words):
    assert words in policy(client, task)
