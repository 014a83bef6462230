"""Finding tasks: the `tasks` module or package of each installed app, and what the
settings of Celery name (`CELERY_IMPORTS`, `CELERY_INCLUDE`)."""

import importlib
import pkgutil
import threading
import traceback
from collections.abc import Mapping
from importlib.util import find_spec
from types import ModuleType

import celery
from django.apps import apps

from .declare import is_task_entry, register

broken: dict[str, str] = {}
"""Modules that could not be imported, with the traceback."""

_finding = threading.RLock()
_found = _is_done = False


def discover_once() -> None:
    """`discover`, unless this process did: web, shell and scripts find the tasks when
    they first ask for one. A task module may ask while it is being imported itself."""
    global _found, _is_done
    if _is_done:
        return  # each call of a task asks, some of them several times
    with _finding:
        if not _found:
            _found = True
            discover()
            _is_done = True


def discover() -> None:
    """Import the tasks of every installed app; a broken module stops no other one.

    May be called again: what was mended is found, and its entry in `broken` goes.
    """
    broken.clear()
    # Registered at once from here on, so that what a broken module left is found.
    celery.current_app.finalize(auto=True)
    for app in apps.get_app_configs():
        name = f"{app.name}.tasks"
        is_package = hasattr(app.module, "__path__")
        if is_package and find_spec(name) is not None:
            _bring_in(name)
    # A worker imports these by itself; pages and scripts must know their tasks too.
    for name in (*celery.current_app.conf.imports, *celery.current_app.conf.include):
        _bring_in(name)


def _bring_in(name: str) -> None:
    try:
        module = importlib.import_module(name)
        _register_dictionaries(module)
    # A module may even call sys.exit(): it is the author's to mend, and no reason
    # for the site to be down.
    except (Exception, SystemExit) as failure:
        broken[name] = "".join(traceback.format_exception(_below_import(failure)))
        _forget_tasks_of(name)
        return
    for submodule in pkgutil.iter_modules(getattr(module, "__path__", ())):
        _bring_in(f"{name}.{submodule.name}")


def _register_dictionaries(module: ModuleType) -> None:
    """`billing_tasks = {"send": function}` becomes the task `billing.send`."""
    for name, value in list(vars(module).items()):
        prefix = name.removesuffix("_tasks")
        if prefix in (name, "") or name.startswith("_") or not isinstance(value, Mapping):
            continue
        if any(is_task_entry(entry) for entry in value.values()):
            try:
                register(value, prefix=prefix)
            except (TypeError, ValueError) as wrong:
                wrong.add_note(f"in the dictionary {name} of {module.__file__}")
                raise


def _below_import(failure: BaseException) -> BaseException:
    """The failure, its traceback beginning in the module that was imported."""
    frame = failure.__traceback__
    ours = (__file__, importlib.__file__)
    while frame is not None and (
        frame.tb_frame.f_code.co_filename in ours
        or frame.tb_frame.f_code.co_filename.startswith("<frozen importlib")
    ):
        frame = frame.tb_next
    return failure.with_traceback(frame)


def _forget_tasks_of(module: str) -> None:
    """What a half-imported module registered may not run."""
    tasks = celery.current_app.tasks
    for name, task in list(tasks.items()):
        if type(task).__module__ == module:
            tasks.unregister(name)
