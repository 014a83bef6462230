"""`manage.py jobs_hand_back`: the way out."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management import BaseCommand, CommandError
from kombu.exceptions import EncodeError, OperationalError

from jobs.execution.hand_back import LEAVING, hand_back
from jobs.execution.many import words
from jobs.execution.order import Order
from jobs.management.leaving import staying, still_running
from jobs.models import Job, JobQuerySet
from jobs.params import Invalid
from jobs.registry import UnknownTask

_BATCH = 200


class Command(BaseCommand):
    help = "Send what waits as plain messages of Celery, for workers without Batuta."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only tell")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        going = Job.objects.live().filter(LEAVING)
        for why, count in staying():
            self.stdout.write(f"stays: {count} {why}")
        if dry_run:
            return self.stdout.write(f"{going.count()} would be handed back")
        if name := still_running():
            raise CommandError(f"End {name} first: a job must not run here and there.")
        done, refused = 0, 0
        for job in _each(going):
            gone = self._handed_back(job)
            done, refused = done + gone, refused + (not gone)
        self.stdout.write(f"{done} handed back")
        if refused:
            sys.exit(1)

    def _handed_back(self, job: Job) -> bool:
        try:
            return hand_back(job, Order())
        except (Invalid, UnknownTask) as reason:
            self.stderr.write(f"{job.pk} stays: {words(reason)}")
        except EncodeError as reason:
            self.stderr.write(f"{job.pk} stays: {reason}")
        except OperationalError as reason:
            raise CommandError(f"The broker cannot be reached: {reason}") from None
        return False


def _each(going: JobQuerySet) -> Iterator[Job]:
    """All of them, the eldest first as far as ids tell, each once: those before change."""
    last = ""
    while batch := list(going.filter(pk__gt=last).order_by("pk")[:_BATCH]):
        yield from batch
        last = batch[-1].pk
