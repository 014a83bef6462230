"""`manage.py worker`: the workers, what they tell of themselves, and the verbs of the pages."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management import BaseCommand, CommandError

from jobs import permissions
from jobs.execution.many import words
from jobs.execution.order import Order
from jobs.management.people import USAGE, add_user, person, signature
from jobs.management.words import table
from jobs.models import Worker
from jobs.params import Invalid
from jobs.workers.asking import Answer
from jobs.workers.readings import READINGS, read
from jobs.workers.verbs import VERBS, Verb, do

HEADS = ("worker", "state", "slots", "pool", "queues", "heard of")
SILENT = 3
"""Exit code for a worker that gave no answer."""
_HELP = {
    "n": "how many", "max": "at most", "min": "at least", "queue": "a queue",
    "task": "the name of a task", "rate": "like 10/m; none: without limit",
    "soft": "seconds", "hard": "seconds",
}  # fmt: skip


class Command(BaseCommand):
    help = "List workers, ask them of themselves, and do a verb on one by its name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        listed = verbs.add_parser("list", help="all that told of themselves lately")
        add_user(listed)
        for reading in READINGS.values():
            asked = verbs.add_parser(reading.name, help=str(reading.label))
            _add_name(asked)
        for verb in VERBS.values():
            acting = verbs.add_parser(verb.name, help=str(verb.label))
            _add_name(acting)
            _add_fields(acting, verb)

    def handle(self, *args: Any, verb: str, user: str, **options: Any) -> None:
        by = person(user)
        if verb == "list":
            return self._list(by)
        worker = permissions.workers(by).filter(pk=options["name"]).first()
        if worker is None:
            raise CommandError(f"There is no worker {options['name']!r}.", returncode=USAGE)
        answer = _asked(by, worker, verb, options)
        if not answer.is_done:
            code = 1 if answer.is_heard else SILENT
            raise CommandError(f"{worker}: {answer.problem}", returncode=code)
        said = answer.said
        self.stdout.write(said if isinstance(said, str) else json.dumps(said, indent=2))

    def _list(self, by: permissions.Person) -> None:
        workers = permissions.workers(by).with_health()
        for line in table(HEADS, [_cells(worker) for worker in workers]):
            self.stdout.write(line)


def _asked(
    by: permissions.Person, worker: Worker, verb: str, options: dict[str, Any]
) -> Answer:
    if verb in READINGS:
        try:
            return read(by, worker, READINGS[verb])
        except PermissionDenied:
            raise CommandError(f"{by} may not read that.") from None
    deed = VERBS[verb]
    given = {name: options[name] for name in (*deed.fields, *deed.optional)}
    try:
        return do(worker, deed, given, Order(signature(by), options["reason"]))
    except Invalid as wrong:
        raise CommandError(words(wrong), returncode=USAGE) from None


def _add_name(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="of the worker, like celery@host")
    add_user(parser)


def _add_fields(parser: ArgumentParser, verb: Verb) -> None:
    for name in verb.fields:
        may_lack: dict[str, Any] = {"nargs": "?", "default": ""} if name == "rate" else {}
        parser.add_argument(name, metavar=name.upper(), help=_HELP[name], **may_lack)
    for name in verb.optional:
        parser.add_argument(f"--{name}", metavar=name.upper(), help=_HELP[name])
    parser.add_argument("--reason", default="", help="kept with the event")


def _cells(worker: Worker) -> list[str]:
    state = "silent"
    if worker.is_heard:
        state = "leaving" if worker.leaving_at else "here"
        state = state if worker.is_connected else "without its broker"
    queues = ", ".join(map(str, worker.queues))
    heard = f"{worker.heard_at:%Y-%m-%d %H:%M:%S}"
    return [worker.name, state, str(worker.slots), worker.pool, queues, heard]
