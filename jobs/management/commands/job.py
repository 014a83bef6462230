"""`manage.py job`: jobs asked for, listed, shown and followed in a shell, and the verbs of
the pages."""

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser

from jobs import permissions, sanitize
from jobs.execution import control, many
from jobs.execution.control import Order
from jobs.management.asking import Asked
from jobs.management.listed import add_filters, newest
from jobs.management.people import add_user, chosen, person, signature
from jobs.management.sheet import sheet
from jobs.management.watching import fitting, follow_log, print_log, watch
from jobs.management.words import HEADS, cells, table
from jobs.models import Job, JobQuerySet, Stack
from jobs.models.shape import job_line, job_shape
from jobs.params import Invalid
from jobs.registry import UnknownTask

VERBS = ("start", "pause", "resume", "cancel", "terminate", "fail")
POLL_SECONDS = 0.1


class Command(BaseCommand):
    help = "Run a task; list, show and follow jobs; do a verb on them by their ids."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(
            dest="verb", required=True, metavar="verb", parser_class=Mixing
        )
        _add_run(verbs.add_parser("run", help="ask for a job of a task"))
        listed = verbs.add_parser("list", help="the newest jobs")
        add_filters(listed)
        shown = verbs.add_parser("show", help="all of one job")
        logs = verbs.add_parser("logs", help="the log of a job")
        logs.add_argument("-f", "--follow", action="store_true", help="until the job ends")
        logs.add_argument("--after", type=int, default=0, metavar="LINE", help="a number")
        watched = verbs.add_parser("watch", help="jobs until they have ended")
        on_jobs = {verb: verbs.add_parser(verb, help=f"{verb} jobs") for verb in (
            *VERBS, "retry", "stack"
        )}  # fmt: skip
        on_jobs["stack"].add_argument(
            "--wait", type=float, default=5.0, metavar="SECONDS", help="for answers"
        )
        for one in (shown, logs):
            one.add_argument("id", metavar="ID")
        for several in (watched, *on_jobs.values()):
            several.add_argument("ids", nargs="+", metavar="ID")
        for acting in on_jobs.values():
            acting.add_argument("--reason", default="", help="kept with each job")
        for reading in (listed, shown, watched):
            reading.add_argument("--json", action="store_true", help="for machines")
        for each in (listed, shown, logs, watched, *on_jobs.values()):
            add_user(each)

    def handle(self, *args: Any, verb: str, user: str, **options: Any) -> None:
        code = getattr(self, f"_{verb}", self._act)(person(user), verb=verb, **options)
        if code:
            sys.exit(code)

    def _run(self, user: permissions.Person, **options: Any) -> int:
        asked = Asked(user, options["name"], options["given"], options["params"])
        is_json = options["json"]
        if options["here"]:
            result = asked.here()
            said = json.dumps(sanitize.json(result)) if is_json else repr(result)
            self.stdout.write(said)
            return 0
        job = asked.as_job()
        if options["watch"]:
            return watch([job.pk], fitting(self.stdout, is_json=is_json), self.stderr)
        self.stdout.write(json.dumps(job_line(job)) if is_json else job.pk)
        return 0

    def _list(self, user: permissions.Person, **options: Any) -> None:
        jobs = newest(user, **options)
        if options["json"]:
            rows = [json.dumps(job_line(job)) for job in jobs]
        else:
            rows = table(HEADS, [cells(job) for job in jobs])
        for row in rows:
            self.stdout.write(row)

    def _show(self, user: permissions.Person, id: str, **options: Any) -> None:
        job = chosen(user, "view", [id]).select_related("owner", "schedule").get()
        said = json.dumps(job_shape(job), indent=2) if options["json"] else sheet(user, job)
        self.stdout.write(said)

    def _logs(self, user: permissions.Person, id: str, **options: Any) -> int:
        job = chosen(user, "view", [id]).get()
        if options["follow"]:
            return follow_log(job, self.stdout, self.stderr, options["after"])
        print_log(job, self.stdout, options["after"])
        return 0

    def _watch(self, user: permissions.Person, ids: list[str], **options: Any) -> int:
        chosen(user, "view", ids)
        return watch(ids, fitting(self.stdout, is_json=options["json"]), self.stderr)

    def _act(self, user: permissions.Person, verb: str, ids: list[str], **options: Any) -> None:
        jobs = chosen(user, verb, ids)
        order = Order(signature(user), options["reason"])
        count: int = getattr(control, verb)(jobs, order)
        for job in jobs:
            asked = f", {job.requested} requested" if job.requested else ""
            self.stdout.write(f"{job.pk}: {job.state}{asked}")
        _refuse_nothing(count)

    def _retry(self, user: permissions.Person, ids: list[str], **options: Any) -> None:
        count = 0
        jobs = chosen(user, "retry", ids)
        order = Order(signature(user), options["reason"])
        for job in jobs:
            try:
                again = control.retry(job, order)
            except (Invalid, UnknownTask) as reason:
                self.stderr.write(f"{job.pk}: {many.words(reason)}")
            except ValueError as reason:
                self.stderr.write(f"{job.pk}: {reason}")
            else:
                count += 1
                self.stdout.write(f"{job.pk}: again as {again.pk}")
        _refuse_nothing(count)

    def _stack(self, user: permissions.Person, ids: list[str], **options: Any) -> None:
        """Print where the functions are; what does not answer in time is told of."""
        order = Order(signature(user), options["reason"])
        active = list(chosen(user, "stack", ids).active().values_list("pk", flat=True))
        if not control.stack(Job.objects.filter(pk__in=active), order):
            raise CommandError("None of them runs.")
        silent = _still_owing(Job.objects.filter(pk__in=active), options["wait"])
        for found in Stack.objects.filter(job__in=active).exclude(job__in=silent):
            self.stdout.write(f"{found.job_id}, attempt {found.attempt}, {found.taken_at:%c}")
            self.stdout.write(found.text)
        if silent:
            late = ", ".join(sorted(silent))
            raise CommandError(f"No answer within {options['wait']:g} s: {late}")


class Mixing(CommandParser):
    """Takes words before and after options: `run NAME --watch x=1`."""

    is_mixing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.is_mixing:
            return super().parse_known_args(args, namespace)
        self.is_mixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self.is_mixing = False


def _add_run(run: ArgumentParser) -> None:
    run.add_argument("name", metavar="NAME")
    run.add_argument(
        "given", nargs="*", metavar="key=value", help="also key=@FILE and key:=JSON"
    )
    run.add_argument(
        "--params", default="{}", metavar="JSON", help="an object; - reads it from stdin"
    )
    run.add_argument("--watch", action="store_true", help="until it ends")
    run.add_argument("--json", action="store_true", help="for machines")
    run.add_argument(
        "--here", action="store_true", help="call the function in this process; no job"
    )
    add_user(run)


def _still_owing(jobs: JobQuerySet, seconds: float) -> set[str]:
    """Those that have not answered in that time."""
    owing = jobs.filter(stack_asked_at__isnull=False)
    deadline = time.monotonic() + seconds
    while owing.exists() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return {*owing.values_list("pk", flat=True)}


def _refuse_nothing(count: int) -> None:
    if not count:
        raise CommandError("Nothing was changed: they are in no state for that.")
