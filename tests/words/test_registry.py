"""What `@task` and `register` make of a function, and what the catalogue says of it."""

import asyncio
import functools
import inspect
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import celery
import pytest
from celery import Task, shared_task

from jobs import registry
from jobs.registry import Definition, UnknownTask, task
from jobs.registry.options import KNOWN


@pytest.fixture(autouse=True)
def own_tasks() -> Iterator[None]:
    """What a test registers is gone after it."""
    tasks = celery.current_app.tasks
    before = set(tasks)
    yield
    for name in set(tasks) - before:
        tasks.unregister(name)


def named(**options: Any) -> Any:
    return task(name=f"tests.{uuid.uuid4().hex}", **options)


def definition_of(made: Any) -> Definition:
    return registry.get(made.name)


def test_a_plain_decorator_names_the_task_after_module_and_function():
    @task
    def count_sheep(fields: int = 3) -> int:
        """Count the sheep.

        Args:
            fields: How many fields to look at.
        """
        return fields * 2

    found = registry.get("tests.words.test_registry.count_sheep")
    assert found.title == "Count sheep"
    assert found.description == "Count the sheep."
    assert (found.on_lost, found.tags, found.is_async) == ("retry", (), False)
    assert found.parameters.names == ("fields",)
    assert count_sheep(2) == found.function(2) == 4


def test_options_of_ours_and_of_celery_arrive_where_they_belong():
    def check(**given: object) -> None: ...

    @named(
        title="Send the bill",
        description="  Once a month. ",
        tags=["money", "mail"],
        queue="slow",
        priority=7,
        on_lost="hold",
        validate=check,
        owner_param="user_id",
        due_param="due",
        soft_time_limit=10,
        time_limit=12,
        max_retries=None,
        ignore_result=True,
        acks_late=True,
        rate_limit="10/m",
    )
    def send(user_id: int, due: str = "") -> None: ...

    found = definition_of(send)
    assert (found.title, found.description) == ("Send the bill", "Once a month.")
    assert (found.tags, found.queue, found.priority) == (("money", "mail"), "slow", 7)
    assert (found.on_lost, found.validate) == ("hold", check)
    assert (found.owner_param, found.due_param) == ("user_id", "due")
    assert (found.soft_time_limit, found.time_limit) == (10, 12)
    assert (found.max_retries, found.ignore_result) == (None, True)
    assert (send.acks_late, send.rate_limit) == (True, "10/m")


def test_queue_and_priority_do_not_become_attributes_that_celery_deprecates(recwarn):
    named(queue="slow", priority=3)(lambda: None)
    assert [str(warning.message) for warning in recwarn if "attribute" in str(warning)] == []


def test_every_option_that_celery_reads_from_a_task_is_known():
    from_config = {name for name, _setting in Task.from_config}
    assert from_config - KNOWN == set()
    decorator = set(inspect.signature(celery.Celery._task_from_fun).parameters)
    assert decorator - KNOWN - {"self", "fun", "options"} == set()


@pytest.mark.parametrize(
    ("option", "nearest"),
    [("titel", "title"), ("retry_backof", "retry_backoff"), ("timelimit", "time_limit")],
)
def test_an_unknown_option_is_refused_with_the_nearest_known(option, nearest):
    with pytest.raises(
        TypeError, match=rf"unknown option '{option}'.*did you mean '{nearest}'"
    ):
        task(**{option: 1})(lambda: None)


def test_an_option_like_no_other_lists_what_there_is():
    with pytest.raises(TypeError, match=r"unknown option 'zzz'; there are: .*acks_late"):
        task(zzz=1)(lambda: None)


def test_a_validate_step_takes_what_the_function_takes():
    def first_only(first: int) -> None: ...

    def renumber(first: int, last: int) -> None: ...

    with pytest.raises(TypeError, match="the validate 'first_only': last: There is no"):
        task(validate=first_only)(renumber)
    task(validate=lambda first, **rest: None)(renumber)


@pytest.mark.parametrize("option", ["secrets", "files", "owner_param", "due_param"])
def test_an_option_that_names_no_parameter_is_refused(option):
    def log_in(password: str) -> None: ...

    with pytest.raises(TypeError, match=r"unknown parameter 'passwort'.*'password'"):
        task(**{option: "passwort"})(log_in)


def test_a_wrong_on_lost_is_refused():
    with pytest.raises(ValueError, match='"retry" or "hold", not \'again\''):
        task(on_lost="again")(lambda: None)


def test_a_task_is_not_made_twice():
    made = named()(lambda: None)
    with pytest.raises(TypeError, match="a task already"):
        task(made)


def test_a_class_is_no_function():
    with pytest.raises(TypeError, match="takes a function"):
        task(dict)


def test_a_coroutine_function_runs_to_its_end_and_keeps_its_signature():
    @named(bind=True)
    async def double(self: Task, x: int, *, times: int = 2) -> int:
        """Twice, in a loop."""
        await asyncio.sleep(0)
        assert self.name == double.name
        return x * times

    found = definition_of(double)
    assert found.is_async
    assert found.description == "Twice, in a loop."
    assert found.parameters.names == ("x", "times")
    assert double(4) == found.function(x=4) == 8
    with pytest.raises(TypeError, match="argument"):
        double.apply_async((1, 2, 3))


def test_a_partial_has_its_function_s_name_and_only_what_is_left_to_give():
    def power(base: int, exponent: int) -> int:
        return base**exponent

    square = named()(functools.partial(power, exponent=2))
    assert square(5) == 25
    found = definition_of(square)
    assert found.title.startswith(square.name.rpartition(".")[2].capitalize())
    assert found.parameters.load({"base": 3}, None) == {"base": 3}


def test_an_object_that_can_be_called_is_a_function_too():
    class Greeter:
        def __call__(self, name: str) -> str:
            return f"hello {name}"

    assert named()(Greeter())("you") == "hello you"


def test_a_plain_shared_task_appears_unchanged():
    @shared_task
    def legacy(x, y=2):
        """Old and good."""
        return x + y

    found = definition_of(legacy)
    assert (found.description, found.on_lost) == ("Old and good.", "hold")
    assert found.max_retries == 3
    assert found.parameters.names == ("x", "y")
    assert type(legacy).__name__ == "Proxy"


@pytest.mark.parametrize("option", ["acks_late", "retry_on_worker_lost"])
def test_a_celery_task_that_says_so_in_celerys_words_may_run_again(option):
    @shared_task(name=f"tests.{uuid.uuid4().hex}", **{option: True})
    def legacy(): ...

    assert definition_of(legacy).on_lost == "retry"


def test_a_task_with_its_own_base_and_bind_hides_self():
    class Base(Task):
        """A site's base class."""

        greeting = "hi"

    @named(base=Base, bind=True)
    def greet(self, name: str):
        return f"{self.greeting} {name}"

    assert definition_of(greet).parameters.names == ("name",)
    assert greet("you") == "hi you"


def test_a_class_based_task_is_read_from_its_run():
    class Import(Task):
        """Import a thing."""

        name = f"tests.{uuid.uuid4().hex}"

        def run(self, path: str, lines: int = 5) -> None:
            """How."""

    made = celery.current_app.register_task(Import())
    found = definition_of(made)
    assert found.description == "Import a thing."
    assert found.parameters.names == ("path", "lines")


def test_the_bound_of_autoretry_is_the_one_that_counts():
    @named(autoretry_for=(OSError,), retry_kwargs={"max_retries": 5}, bind=True)
    def fetch(self, url: str) -> None: ...

    found = definition_of(fetch)
    assert found.max_retries == 5
    assert found.parameters.names == ("url",)


def test_pydantic_tasks_of_celery_are_read_as_well():
    @named(pydantic=True)
    def add(x: int) -> int:
        return x

    assert definition_of(add).parameters.names == ("x",)


def test_the_definition_of_a_task_is_made_once():
    made = named()(lambda: None)
    assert definition_of(made) is definition_of(made)
    assert definition_of(made).parameters is definition_of(made).parameters


def test_an_unknown_name_gets_the_nearest():
    named_task = task(name="billing.send_invoice")(lambda: None)
    with pytest.raises(UnknownTask, match=r"did you mean 'billing.send_invoice'"):
        registry.get("billing.send_invoic")
    assert registry.get("billing.send_invoice").name == named_task.name


def test_celery_s_own_and_excluded_tasks_are_no_tasks_of_ours(settings):
    task(name="legacy.old")(lambda: None)
    task(name="fresh.new")(lambda: None)
    settings.JOBS_EXCLUDE = ("legacy.*",)
    names = [each.name for each in registry.all()]
    assert "fresh.new" in names and "legacy.old" not in names
    assert not [name for name in names if name.startswith("celery.")]
    assert names == sorted(names)
    for hidden in ("legacy.old", "celery.ping"):
        with pytest.raises(UnknownTask):
            registry.get(hidden)


def test_the_door_opens_before_django_has_loaded_its_apps():
    program = (
        "import jobs\n"
        "from jobs import File, Secret, register, task\n"
        "@task(secrets=['key'], queue='slow')\n"
        "def f(key: str): ...\n"
        "from django.apps import apps\n"
        "assert not apps.apps_ready\n"
        "try: jobs.nothing\n"
        "except AttributeError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout.strip() == "module 'jobs' has no attribute 'nothing'", run.stderr


def test_the_door_leads_to_the_engine_once_it_is_needed():
    import jobs
    from jobs.dispatch.enqueue import enqueue

    assert jobs.enqueue is enqueue
    assert jobs.current_job.__module__.startswith("jobs.execution.")
