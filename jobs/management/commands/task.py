"""`manage.py task`: what can run, and what it takes."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.http import Http404

from jobs import permissions, registry
from jobs.management.people import USAGE, add_user, person
from jobs.management.words import table
from jobs.models import Task
from jobs.reading import runs
from jobs.reading.catalogue import said
from jobs.reading.policy import policy, queue_of


class Command(BaseCommand):
    help = "List the tasks, or show what one of them takes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        listed = verbs.add_parser("list", help="the catalogue")
        listed.add_argument(
            "words", nargs="*", metavar="WORDS", help="what the page searches for"
        )
        shown = verbs.add_parser("show", help="one task with its parameters")
        shown.add_argument("name", metavar="NAME")
        for each in (listed, shown):
            each.add_argument("--json", action="store_true", help="for machines")
            add_user(each)

    def handle(self, *args: Any, verb: str, user: str, **options: Any) -> None:
        getattr(self, f"_{verb}")(person(user), **options)

    def _list(self, user: permissions.Person, words: list[str], **options: Any) -> None:
        tasks = list(permissions.tasks(user).filter(said(" ".join(words))).order_by("name"))
        if options["json"]:
            rows = [json.dumps(_line(task)) for task in tasks]
        else:
            rows = table(
                ("name", "title", "queue", ""),
                [(t.name, t.title, queue_of(t), _standing(t)) for t in tasks],
            )
        for row in rows:
            self.stdout.write(row)

    def _show(self, user: permissions.Person, name: str, **options: Any) -> None:
        try:
            task = permissions.task(user, "view", name)
        except Http404:
            raise CommandError(f"There is no task {name!r}.", returncode=USAGE) from None
        about = _about(user, task)
        if options["json"]:
            return self.stdout.write(json.dumps(about, indent=2))
        self.stdout.write("\n".join(_told(task, about)))


def _line(task: Task) -> dict[str, Any]:
    same = ("name", "title", "description", "tags", "enabled", "is_runnable")
    return {name: getattr(task, name) for name in same} | {"queue": queue_of(task)}


def _about(user: permissions.Person, task: Task) -> dict[str, Any]:
    """With its policy and the schema of its parameters; None where nothing here knows it."""
    holds, recent = policy(task), runs.of(permissions.jobs(user).filter(task=task.name))
    try:
        schema = registry.get(task.name).parameters.schema
    except registry.UnknownTask:
        schema = None
    stats = {"runs": len(recent.runs), "failed": recent.failed, "usual_seconds": recent.usual}
    return _line(task) | {
        "policy": asdict(holds) if holds else None,
        "parameters": schema,
        "stats": stats,
    }


def _told(task: Task, about: dict[str, Any]) -> list[str]:
    rows = [f"{task.name}  {_standing(task)}".rstrip(), *task.description.splitlines(), ""]
    rows += table(("parameter", "type", "default", ""), _parameters(about["parameters"] or {}))
    if about["stats"]["runs"]:
        rows += ["", "last {runs} runs: {failed} failed".format(**about["stats"])]
    return rows


def _parameters(schema: dict[str, Any]) -> list[tuple[str, ...]]:
    needed = schema.get("required", ())
    return [
        (
            name,
            _kind(field),
            "needed" if name in needed else json.dumps(field.get("default")),
            field.get("description", ""),
        )
        for name, field in schema.get("properties", {}).items()
    ]


def _kind(field: dict[str, Any]) -> str:
    """The type in a word; of several all."""
    if "anyOf" in field:
        return " or ".join(_kind(kind) for kind in field["anyOf"])
    if "enum" in field:
        return " | ".join(str(value) for value in field["enum"])
    if field.get("format"):
        return "file" if field["format"] == "binary" else str(field["format"])
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}))}"
    return str(field.get("type", "object" if "$ref" in field else "any"))


def _standing(task: Task) -> str:
    if task.error:
        return "broken"
    if task.missing_at:
        return "missing"
    return "" if task.enabled else "disabled"
