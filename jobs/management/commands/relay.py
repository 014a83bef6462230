"""`manage.py relay`: the relay without beat, for a site whose schedules run elsewhere."""

import signal
from types import FrameType
from typing import Any

from django.core.management import BaseCommand

from jobs.scheduling.relay import Relay


class Command(BaseCommand):
    help = "Ring for jobs that wait, release what is due, take back what dead workers held."

    def handle(self, *args: Any, **options: Any) -> None:
        relay = Relay()

        def stop(number: int, frame: FrameType | None) -> None:
            relay.stopped.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        self.stdout.write("The relay runs; Ctrl-C ends it.")
        relay.run()
