"""`manage.py runserver`: Django's command, served by uvicorn, so that /ws is there too."""

import os
from typing import Any

from django.core.management.commands.runserver import Command as DjangoCommand
from django.db import connections
from django.utils import autoreload

from project.serving import serve
from project.supervisor.alone import Refused, free_port


class Command(DjangoCommand):
    help = "Serve pages and /ws, and start again when a file was saved."

    addr: str  # both set by Django's handle()
    port: str

    def inner_run(self, *args: Any, **options: Any) -> None:
        autoreload.raise_last_exception()
        if not options["skip_checks"]:
            self.check(display_num_errors=True)
        self.check_migrations()
        connections.close_all()
        self._refuse_a_taken_port()
        self.on_bind(int(self.port))
        serve(self.addr, int(self.port), access_log=True, log_level="info")

    def _refuse_a_taken_port(self) -> None:
        try:
            free_port(self.addr, int(self.port))
        except Refused as error:
            self.stderr.write(f"Error: {error}")
            # The reloader runs this in a thread, where sys.exit ends nothing.
            os._exit(1)
