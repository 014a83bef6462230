"""`manage.py job`: the verbs of the pages for a shell, and tasks run by hand."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError

from jobs import registry
from jobs.dispatch.caller import on_behalf_of
from jobs.dispatch.enqueue import enqueue
from jobs.execution import control, many
from jobs.execution.control import Order
from jobs.models import Job, Stack
from jobs.params import File, Invalid
from jobs.registry import UnknownTask

VERBS = ("start", "pause", "resume", "cancel", "terminate", "fail")
POLL_SECONDS = 0.1


class Command(BaseCommand):
    help = "Do a verb on jobs by their ids, or run a task by its name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        for verb in (*VERBS, "retry", "stack"):
            on_jobs = chosen.add_parser(verb, help=f"{verb} jobs")
            on_jobs.add_argument("ids", nargs="+", metavar="ID")
            on_jobs.add_argument("--reason", default="", help="kept with each job")
            on_jobs.add_argument("--by", default="", help="the user who wants it")
            if verb == "stack":
                on_jobs.add_argument(
                    "--wait", type=float, default=5.0, metavar="SECONDS", help="for answers"
                )
        run = chosen.add_parser("run", help="ask for a job of a task, and print its id")
        run.add_argument("name", metavar="NAME")
        run.add_argument("--params", default="{}", help="a JSON object of names and values")
        run.add_argument("--by", default="", help="the user whom the job belongs to")
        run.add_argument(
            "--here", action="store_true", help="call the function in this process; no job"
        )

    def handle(self, *args: Any, verb: str, by: str, **options: Any) -> None:
        person = _person(by)
        if verb == "run":
            return self._run(person, options["name"], _named(options["params"]), options)
        order = Order(person, options["reason"])
        missing = [key for key in options["ids"] if not Job.objects.filter(pk=key).exists()]
        if missing:
            raise CommandError(f"There is no job {missing[0]!r}. Nothing was done.")
        if verb == "stack":
            return self._stack(options["ids"], order, options["wait"])
        done = self._retry if verb == "retry" else self._control
        if not done(verb, options["ids"], order):
            raise CommandError("Nothing was changed: they are in no state for that.")

    def _control(self, verb: str, ids: list[str], order: Order) -> int:
        chosen = Job.objects.filter(pk__in=ids)
        count: int = getattr(control, verb)(chosen, order)
        for job in chosen:
            asked = f", {job.requested} requested" if job.requested else ""
            self.stdout.write(f"{job.pk}: {job.state}{asked}")
        return count

    def _retry(self, verb: str, ids: list[str], order: Order) -> int:
        count = 0
        for job in Job.objects.filter(pk__in=ids):
            try:
                again = control.retry(job, order)
            except (Invalid, UnknownTask) as reason:
                self.stderr.write(f"{job.pk}: {many.words(reason)}")
            except ValueError as reason:
                self.stderr.write(f"{job.pk}: {reason}")
            else:
                count += 1
                self.stdout.write(f"{job.pk}: again as {again.pk}")
        return count

    def _stack(self, ids: list[str], order: Order, wait: float) -> None:
        """Print where the functions are; what does not answer in time is told of."""
        active = list(Job.objects.filter(pk__in=ids).active().values_list("pk", flat=True))
        if not control.stack(Job.objects.filter(pk__in=active), order):
            raise CommandError("None of them runs.")
        owing = Job.objects.filter(pk__in=active, stack_asked_at__isnull=False)
        deadline = time.monotonic() + wait
        while owing.exists() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        silent = {*owing.values_list("pk", flat=True)}
        for found in Stack.objects.filter(job__in=active).exclude(job__in=silent):
            self.stdout.write(f"{found.job_id}, attempt {found.attempt}, {found.taken_at:%c}")
            self.stdout.write(found.text)
        if silent:
            raise CommandError(f"No answer within {wait:g} s: {', '.join(sorted(silent))}")

    def _run(self, person: Any, name: str, params: dict[str, Any], options: Any) -> None:
        try:
            if not options["here"]:
                return self.stdout.write(enqueue(name, params, by=person).pk)
            definition, loaded = _loaded(name, params)
        except UnknownTask as reason:
            raise CommandError(str(reason)) from None
        except Invalid as reason:
            raise CommandError(many.words(reason)) from None
        by_position, by_name = definition.parameters.split(loaded)
        # What it raises is for the debugger: nothing here stands between them.
        with on_behalf_of(person):
            if definition.validate is not None:
                definition.validate(*by_position, **by_name)
            self.stdout.write(repr(definition.function(*by_position, **by_name)))


def _loaded(name: str, params: dict[str, Any]) -> tuple[registry.Definition, dict[str, Any]]:
    """What the function is called with: stored and loaded again, as by a worker."""
    definition = registry.get(name)
    parameters = definition.parameters
    stored = parameters.store(parameters.validate(params), _no_upload)
    return definition, parameters.load(stored, _no_file)


def _no_upload(upload: Any) -> str:
    raise CommandError("Files are given on the page of the task.")


def _no_file(key: str) -> File:
    raise CommandError("Files are given on the page of the task.")


def _person(name: str) -> Any:
    if not name:
        return None
    model: Any = get_user_model()
    try:
        return model.objects.get_by_natural_key(name)
    except model.DoesNotExist:
        raise CommandError(f"There is no user {name!r}.") from None


def _named(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except ValueError as wrong:
        raise CommandError(f"--params is not JSON: {wrong}") from None
    if not isinstance(given, dict):
        raise CommandError("--params is a JSON object: names with their values.")
    return given
