"""`manage.py jobs_adopt`: a project takes us on."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management import BaseCommand, call_command

from jobs import registry
from jobs.checks import problems
from jobs.execution.worker import follow_registry
from jobs.management import adopting


class Command(BaseCommand):
    help = "Tell what changes when this project takes Batuta on, and do what is to be done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only tell")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        registry.discover()
        self._tell("Settings to change", adopting.settings())
        self._tell("Tables to make", adopting.migrations())
        self._tell("Tasks that appear", adopting.tasks())
        self._tell("Schedules", adopting.schedules())
        self._tell("Results of before, kept as they are", adopting.history())
        refused = bool(problems())
        if not dry_run and not refused:
            for app in adopting.APPS:
                call_command("migrate", app, interactive=False, verbosity=0)
            follow_registry()
            self.stdout.write("Done. Start worker, beat and web anew.")
        elif dry_run:
            self.stdout.write("Nothing was changed.")
        if refused:
            self.stderr.write("Worker, beat and web refuse to start with these settings.")
            sys.exit(1)

    def _tell(self, head: str, rows: Iterable[str]) -> None:
        found = list(rows)
        self.stdout.write(f"{head}: {'' if found else 'none'}".rstrip())
        for row in found:
            self.stdout.write(f"  {row}")
