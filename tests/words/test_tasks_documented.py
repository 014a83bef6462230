"""docs/tasks.md names every option and every kind of parameter, and its examples run."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import celery
import pytest
from django.conf import settings

from jobs import registry
from jobs.execution.context import CurrentJob
from jobs.params.bounds import DEEPEST, LONGEST_INTEGER
from jobs.params.form.kinds import KINDS, LONG_TEXT
from jobs.registry.options import KNOWN, OURS

PAGE = (Path(settings.BASE_DIR) / "docs" / "tasks.md").read_text()
README = (Path(settings.BASE_DIR) / "README.md").read_text()


def rows(heading: str) -> list[str]:
    """The first cell of each row of the tables below a heading."""
    section = re.split(r"^#+ ", PAGE.split(heading, 1)[1], maxsplit=1, flags=re.M)[0]
    return re.findall(r"^\| (.+?) \|", section, re.M)


def names(heading: str) -> set[str]:
    return {name for row in rows(heading) for name in re.findall(r"`(\w+)`", row)}


def test_every_option_is_documented_and_every_documented_option_exists():
    assert names("### Ours\n") == OURS
    assert names("### Celery's\n") == KNOWN - OURS


def test_every_kind_of_parameter_is_documented():
    documented = names("## Parameters\n")
    wanted = {
        kind.__name__
        for kinds, _make in KINDS
        for kind in (kinds if isinstance(kinds, tuple) else (kinds,))
    }
    others = {"Literal", "Enum", "list", "set", "tuple", "dict", "BaseModel", "Any"}
    assert (wanted | others) - documented == set()


def test_all_that_a_running_function_may_use_is_documented():
    calls = [call for row in rows("## While it runs\n") for call in re.findall(r"`(.+?)`", row)]
    surface = {name: getattr(CurrentJob, name) for name in dir(CurrentJob) if name[0] != "_"}
    assert {call.partition("(")[0] for call in calls} == set(surface)
    for call in calls:
        name, given, wanted = call.partition("(")
        assert bool(given) == inspect.isfunction(surface[name]), call
        if given and "…" not in wanted:
            _self, *parameters = inspect.signature(surface[name]).parameters.values()
            bare = [str(each.replace(annotation=each.empty)) for each in parameters]
            assert wanted.rstrip(")").replace('"', "'") == ", ".join(bare)


def test_the_numbers_on_the_page_are_those_of_the_code():
    for words in (f"{DEEPEST} levels", f"{LONGEST_INTEGER} digits", f"is over {LONG_TEXT}"):
        assert words in PAGE


@pytest.fixture
def own_tasks() -> Iterator[None]:
    tasks = celery.current_app.tasks
    before = set(tasks)
    yield
    for name in set(tasks) - before:
        tasks.unregister(name)


def test_the_examples_run(own_tasks, capsys):
    here: dict[str, Any] = {"__name__": "docs"}
    for example in re.findall(r"```python\n(.*?)```", PAGE, re.S):
        exec(compile(example, "docs/tasks.md", "exec"), here)
    assert here["resize"](2) == 2
    assert "picture 1, 800 pixels for web" in capsys.readouterr().out
    assert "billing.emit_invoice" in celery.current_app.tasks


def test_the_task_of_the_readme_runs(own_tasks, capsys):
    here: dict[str, Any] = {"__name__": "project.tasks.greetings"}
    (example,) = re.findall(r"```python\n(.*?)```", README, re.S)
    exec(compile(example, "README.md", "exec"), here)
    assert here["greet"](["Ada"], shout=True) == 1
    assert capsys.readouterr().out == "Hello ADA!\n"
    found = registry.get("project.tasks.greetings.greet")
    assert found.parameters.names == ("names", "shout")
