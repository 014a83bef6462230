"""The run form filled by its address and from memory, and what it asks for in the words of
other doors."""

import ast
import json
import shlex
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client

from jobs.models import Job

from . import rows
from .test_web_tasks import FORM, UPLOADS, address, admin, form_of

__all__ = ["admin"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "wrong", "words"),
    [
        ({"count": "44"}, "count", "10"),
        ({"count": "many"}, "count", "many"),
        ({"mode": "odd"}, "mode", "slow"),
        ({"when": "soon"}, "when", "soon"),
        ({"tags": ["a", "z"]}, "tags", "z"),
        ({"is_dry": "maybe"}, "is_dry", "true or false"),
        ({"mark": "{"}, "mark", "JSON"),
        ({"token": "hush"}, "token", "from no address"),
        ({"colour": "red"}, "__all__", "colour"),
    ],
)
def test_what_the_address_may_not_ask_for_is_told(admin, query, wrong, words):
    page = admin.get(address(FORM), query)
    html = page.content.decode()
    assert page.status_code == 200
    assert set(page.context["form"].errors) == {wrong}
    assert "Not all that the address asks for could be taken." in html
    assert words in html and 'value="hush"' not in html


def test_the_address_fills_each_kind_of_field(admin):
    query = {"tags": ["a", "c"], "is_dry": "false", "when": "2026-08-22T18:00Z", "mode": "fast"}
    page = admin.get(address(FORM), query)
    assert not page.context["form"].errors
    html = form_of(page)
    assert 'value="2026-08-22T18:00:00"' in html
    assert '<option value="fast" selected>' in html
    assert html.count("checked") == 2 and 'name="is_dry" checked' not in html


def test_the_form_remembers_what_i_gave_last_but_for_its_secrets(admin):
    given = {"name": "mine", "count": "3", "when": "2026-08-22T18:00", "token": "hush"}
    admin.post(address(FORM), given)
    rows.job(task=FORM, params={"name": "of somebody else"})
    html = form_of(admin.get(address(FORM)))
    assert 'value="mine"' in html and "with what you gave" in html
    assert "hush" not in html and "••••" not in html and "somebody else" not in html
    for query in ({"job-new": "1"}, {"count": "4"}):
        assert 'value="mine"' not in admin.get(address(FORM), query).content.decode()


def test_what_an_address_or_a_person_gave_starts_nothing_by_itself(admin):
    admin.get(address(FORM), {"name": "x", "count": "4", "part": "copies"})
    assert admin.post(address(FORM) + "?part=copies", {"name": "x"}).status_code == 200
    assert not Job.objects.exists()


def copied(client: Client, task: str = FORM, **fields: Any) -> dict[str, str]:
    page = client.post(address(task) + "?part=copies", fields)
    return {copy.key: copy.text for copy in page.context["copies"]}


def test_the_same_job_can_be_copied_for_a_shell_and_python(admin):
    evil = "it's $(rm) `x` \x1b[2J\n!!"
    told = copied(admin, count="3", name=evil, tags=["a", "b"], token="SECRET", when="x")
    words = shlex.split(told["command"])
    assert words[:5] == ["python", "manage.py", "job", "run", FORM]
    given = dict(word.split("=", 1) for word in words[5:] if "=" in word)
    assert json.loads(given["name:"]) == evil and "\x1b" not in told["command"]
    assert (given["count:"], given["tags:"], given["token"]) == ("3", '["a", "b"]', "SECRET")
    assert given["--user"] == "admin"
    curl = shlex.split(told["curl"].replace("\\\n", " "))
    sent = json.loads(curl[curl.index("--data-raw") + 1])["params"]
    assert sent["name"] == evil and sent["count"] == 3 and sent["token"] == "SECRET"
    assert curl[1].endswith(f"/api/tasks/{FORM}/jobs")
    call = ast.parse(told["python"]).body[-1].value
    assert ast.literal_eval(call.args[1]) == sent


def test_what_is_copied_for_python_and_a_shell_asks_for_the_same_job(admin):
    told = copied(admin, rows.ADD, x="2", y="40")
    words = shlex.split(told["command"])[3:]
    call_command("job", *words, stdout=StringIO())
    exec(told["python"], {"user": None})
    assert [job.params for job in Job.objects.all()] == [{"x": 2, "y": 40}] * 2


def test_files_are_copied_as_placeholders(admin):
    told = copied(admin, UPLOADS)
    assert "'files=@FILE'" in told["curl"] or "files=@FILE" in told["curl"]
    assert "files=@FILE" in told["command"] and "upload" in told["python"]


def test_copies_are_for_those_who_may_run(client):
    viewers = Group.objects.create(name="viewers")
    rows.task().viewers.add(viewers)
    client.force_login(rows.user("viewer", viewers))
    assert client.post(address(rows.ADD) + "?part=copies").status_code == 403
    assert "copies" not in client.get(address(rows.ADD)).context
