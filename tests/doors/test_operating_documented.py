"""docs/operating.md says where each of Celery's commands is, and nothing that is not there."""

import re
from pathlib import Path

import pytest
from celery.worker.control import Panel
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from jobs.execution.rescue import TERMINATE
from jobs.workers.readings import READINGS
from jobs.workers.remote import COLD_SHUTDOWN
from jobs.workers.verbs import VERBS
from tests.doors.test_api_documented import operations

DOCS = (Path(settings.BASE_DIR) / "docs" / "operating.md").read_text()
TABLE = DOCS.partition("## From Celery's commands")[2]
ROWS = re.findall(r"^\| `([^`]+)` \| (.*?) ?\| (.*?) ?\| (.*?) ?\|$", TABLE, re.M)
INSIDE = set(re.findall(r"`([\w ]+)`", TABLE.rpartition("There is nothing")[2]))


def words(name: str) -> str:
    return name.split()[-1]


def test_each_control_command_of_celery_has_its_place():
    visible = {name for name, meta in Panel.meta.items() if meta.visible}
    told = {words(row[0]) for row in ROWS} | {words(name) for name in INSIDE}
    assert visible - told - {TERMINATE, COLD_SHUTDOWN} == set()


def test_each_of_ours_stands_in_the_table():
    commands = {row[3].strip("`") for row in ROWS}
    verbs = {*VERBS, *READINGS} - {"cold-shutdown"}  # Celery has none
    assert {f"manage.py worker {name}" for name in verbs} <= commands
    asked = re.findall(r"`([\w-]+)`", "".join(re.findall(r"^\| (`.*?) \|", DOCS, re.M)))
    assert {*VERBS} <= {*asked}


@pytest.mark.parametrize("address", sorted({row[2].strip("`") for row in ROWS} - {""}))
def test_an_address_of_the_api_is_there(address):
    method, path = address.split()
    head, what = path.rsplit("/", 1)
    if what in READINGS:
        path = f"{head}/{{what}}"
    assert f"{method} {path}" in operations()


@pytest.mark.parametrize("address", sorted({row[1].strip("`") for row in ROWS} - {""}))
def test_a_page_is_there(address):
    assert resolve(re.sub(r"\{\w+\}", "x", address))


@pytest.mark.parametrize("command", sorted({row[3].strip("`") for row in ROWS} - {""}))
def test_a_command_is_there(command):
    program, name, *verb = command.split()
    if program != "manage.py":
        return
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    choices = [a.choices for a in parser._actions if a.dest == "verb"]
    assert not verb or verb[0] in choices[0]
