"""`register`: tasks of plain functions in dictionaries."""

import uuid
from collections.abc import Iterator

import celery
import pytest

from jobs import registry
from jobs.registry import register


@pytest.fixture(autouse=True)
def own_tasks() -> Iterator[None]:
    """What a test registers is gone after it."""
    tasks = celery.current_app.tasks
    before = set(tasks)
    yield
    for name in set(tasks) - before:
        tasks.unregister(name)


def test_register_takes_functions_and_functions_with_a_config():
    def emit(number: int) -> int:
        return number

    async def sync(company: int = 316) -> int:
        return company

    made = register(
        {
            "emit": emit,
            "sync": {"task": sync, "config": {"title": "Synchronise", "max_retries": 7}},
        },
        prefix="billing",
    )
    assert sorted(made) == ["billing.emit", "billing.sync"]
    assert registry.get("billing.emit").on_lost == "retry"
    found = registry.get("billing.sync")
    assert (found.title, found.max_retries, found.is_async) == ("Synchronise", 7, True)
    assert made["billing.sync"]() == 316
    assert emit.__class__.__name__ == "function"


def test_registering_the_same_function_again_changes_nothing():
    def once() -> None: ...

    first = register({"a": once}, prefix="again")["again.a"]
    assert register({"a": once}, prefix="again")["again.a"].name == first.name
    with pytest.raises(ValueError, match=r"'again.a' is registered twice"):
        register({"a": lambda: None}, prefix="again")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"config": {}}, 'has no "task"'),
        ({"task": print, "confg": {}}, "unknown key .*'confg'.*'config'"),
        ({"task": print, "config": {"retrybackoff": True}}, "did you mean 'retry_backoff'"),
        ({"task": print, "config": {"name": "x"}}, "has its name from its key"),
        ("print", "takes a function"),
    ],
)
def test_a_wrong_entry_says_what_is_wrong(entry, words):
    with pytest.raises(TypeError, match=words):
        register({f"wrong_{uuid.uuid4().hex}": entry})
