"""`manage.py schedules`: all of them as a text, and back; and what they would do."""

import json
from argparse import ArgumentParser, FileType
from typing import Any, TextIO

from django.core.management import BaseCommand, CommandError

from jobs import permissions
from jobs.execution.order import Order
from jobs.management.people import USAGE, add_user, person, signature
from jobs.management.simulating import add_simulate, lines, shape, span_of
from jobs.models import Schedule
from jobs.reading.simulated import simulated
from jobs.scheduling.bring import Step, bring
from jobs.scheduling.rows import read_rows
from jobs.scheduling.written import Unreadable, text_of

_SIGNS = {"create": "+", "edit": "~", "remove": "-", "keep": "?"}


class Command(BaseCommand):
    help = "Write schedules to a file, make them what a file says, or simulate them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        out = verbs.add_parser("export", help="print them as YAML, without secrets")
        out.add_argument("names", nargs="*", metavar="NAME", help="only these")
        out.add_argument("--all", action="store_true", help="those of the code too")
        back = verbs.add_parser("import", help="make them what a file says: all or nothing")
        back.add_argument("file", type=FileType(encoding="utf-8"), metavar="FILE")
        back.add_argument("--dry-run", action="store_true", help="only say what would change")
        back.add_argument("--prune", action="store_true", help="remove what it does not name")
        back.add_argument("--reason", default="", help="kept with each change")
        ahead = verbs.add_parser("simulate", help="what they would do; nothing runs")
        add_simulate(ahead)
        for each in (out, back, ahead):
            add_user(each)

    def handle(self, *args: Any, verb: str, user: str, **options: Any) -> None:
        getattr(self, f"_{verb}")(person(user), **options)

    def _export(self, user: permissions.Person, names: list[str], **options: Any) -> None:
        seen = permissions.schedules(user)
        rows = Schedule.objects.filter(entry__in=seen)
        if names:
            rows = rows.filter(entry__name__in=names)
        elif not options["all"]:
            coded = rows.exclude(key="").count()
            rows = rows.filter(key="")
            if coded:
                self.stderr.write(f"Left out: {coded} that the code declares (--all).")
        found, broken = read_rows(rows.values_list("pk", flat=True))
        for row, why in broken:
            self.stderr.write(f"Left out: {row.entry.name}: {why}")
        if missing := {*names} - {row.entry.name for row in found}:
            raise CommandError(f"There is no {sorted(missing)[0]!r}.", returncode=USAGE)
        self.stdout.write(text_of(found), ending="")

    def _import(self, user: permissions.Person, file: TextIO, **options: Any) -> None:
        order = Order(signature(user), options["reason"])
        is_dry = options["dry_run"]
        try:
            steps = bring(file.read(), order, prune=options["prune"], store=not is_dry)
        except (Unreadable, UnicodeDecodeError) as reason:
            raise CommandError(f"{file.name}: {reason}", returncode=USAGE) from None
        for step in steps:
            for line in _plan(step):
                self.stdout.write(line)
        wrong = [line for step in steps for line in _wrong(step)]
        if wrong:
            raise CommandError("\n".join([*wrong, "Nothing was stored."]))
        self.stdout.write(_sum(steps) + (" Nothing was stored." if is_dry else ""))

    def _simulate(self, user: permissions.Person, **options: Any) -> None:
        span = span_of(options["days"], options["begin"], options["down"])
        seen = permissions.schedules(user).filter(name__icontains=options["name"])
        seen = seen.filter(task__icontains=options["task"])
        found, broken = simulated(user, seen, span, options["most"])
        for row, why in broken:
            self.stderr.write(f"Left out: {row.entry.name}: {why}")
        rows = [json.dumps(shape(found), indent=2)] if options["json"] else lines(found)
        for line in rows:
            self.stdout.write(line)


def _plan(step: Step) -> list[str]:
    """One line for what is not as it was, and one for each field of it."""
    if step.problems or step.kind == "unchanged":
        return []
    note = " (not in the file: --prune removes it)" if step.kind == "keep" else ""
    fields = [
        f"    {name}: {_short(before)} → {_short(after)}"
        for name, (before, after) in step.changes.items()
    ]
    if step.kind == "edit" and not fields:
        fields = ["    params: another secret"]
    return [f"{_SIGNS[step.kind]} {step.name}{note}", *fields]


def _wrong(step: Step) -> list[str]:
    return [
        f"{step.name}: {f'{name}: ' if name else ''}{' '.join(told)}"
        for name, told in step.problems.items()
    ]


def _sum(steps: list[Step]) -> str:
    kinds: list[str] = [step.kind for step in steps]
    told = {"create": "made", "edit": "changed", "remove": "removed", "unchanged": "unchanged"}
    return ", ".join(f"{kinds.count(kind)} {word}" for kind, word in told.items()) + "."


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
