"""Tasks are found in the `tasks` of every installed app; what is broken breaks alone."""

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import celery
import pytest
from django.conf import settings
from django.test import override_settings

from jobs import registry

Write = Callable[[str, str], None]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """An installed app of its own name; its modules are written by the test."""
    name = f"shop_{tmp_path.name.replace('-', '_')}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(celery.current_app.tasks)

    def write(path: str, text: str) -> None:
        file = tmp_path / name / path
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(textwrap.dedent(text).replace("SHOP", name))

    with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, name]):
        write.name = name  # type: ignore[attr-defined]
        yield write
    for task in set(celery.current_app.tasks) - before:
        celery.current_app.tasks.unregister(task)
    for module in [each for each in sys.modules if each.startswith(name)]:
        del sys.modules[module]
    registry.discover()


def found(prefix: str) -> list[str]:
    return [each.name for each in registry.all() if each.name.startswith(prefix)]


def test_a_package_is_searched_to_its_last_module(shop):
    shop("tasks/__init__.py", "")
    shop("tasks/first.py", "from jobs import task\n@task\ndef one(): ...")
    shop(
        "tasks/deep/__init__.py", "from celery import shared_task\n@shared_task\ndef two(): ..."
    )
    shop("tasks/deep/er.py", "from jobs import task\n@task\ndef three(): ...")
    registry.discover()
    assert found(shop.name) == [
        f"{shop.name}.tasks.deep.er.three",
        f"{shop.name}.tasks.deep.two",
        f"{shop.name}.tasks.first.one",
    ]
    assert registry.broken == {}


def test_dictionaries_named_tasks_are_registered_under_their_prefix(shop):
    shop(
        "tasks.py",
        """
        def emit(number: int = 1): ...
        async def sync(): ...

        SHOP_tasks = {"emit": emit, "sync": {"task": sync, "config": {"title": "All"}}}
        _hidden_tasks = {"no": emit}
        pending_tasks = {"count": 3}
        tasks = {"no": emit}
        """,
    )
    registry.discover()
    registry.discover()
    assert found(shop.name) == [f"{shop.name}.emit", f"{shop.name}.sync"]
    assert registry.get(f"{shop.name}.sync").title == "All"
    assert registry.broken == {}
    assert not [each.name for each in registry.all() if each.name.endswith(".no")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def f(:\n", "SyntaxError"),
        ("import nowhere.to.be_found\n", "No module named 'nowhere'"),
        ("raise SystemExit('bye')\n", "SystemExit: bye"),
        ("1/0\n", "ZeroDivisionError"),
        ("from jobs import task\n@task(titel='x')\ndef f(): ...\n", "did you mean 'title'"),
        ("def f(): ...\nx_tasks = {'f': {'task': f, 'confg': {}}}\n", "'confg'"),
    ],
)
def test_a_broken_module_is_told_with_its_traceback_and_others_go_on(shop, text, words):
    shop("tasks/__init__.py", "")
    shop("tasks/aa_broken.py", "from jobs import task\n@task\ndef half(): ...\n" + text)
    shop("tasks/good.py", "from jobs import task\n@task\ndef fine(): ...")
    registry.discover()
    assert list(registry.broken) == [f"{shop.name}.tasks.aa_broken"]
    told = registry.broken[f"{shop.name}.tasks.aa_broken"]
    assert words in told
    assert "aa_broken.py" in told and "<frozen importlib" not in told
    assert found(shop.name) == [f"{shop.name}.tasks.good.fine"]


def test_a_module_that_was_mended_is_found_and_no_longer_broken(shop):
    shop("tasks.py", "1/0\n")
    registry.discover()
    assert list(registry.broken) == [f"{shop.name}.tasks"]
    shop("tasks.py", "from jobs import task\n@task\ndef fine(): return 42\n")
    registry.discover()
    assert registry.broken == {}
    assert registry.get(f"{shop.name}.tasks.fine").function() == 42


def test_an_app_without_tasks_is_no_problem(shop):
    registry.discover()
    assert registry.broken == {}
