"""`manage.py start`: the whole site in one terminal."""

import asyncio
import ctypes
import os
import signal
import sys
from argparse import ArgumentParser
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from jobs.checks import refuse_bad_setup
from project.supervisor import alone, embedded
from project.supervisor.site import Site


class Command(BaseCommand):
    help = "Prepare the site, then run server, web, worker and beat until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-parent", action="store_true", help="end when the caller ends (Linux)"
        )

    def handle(self, *args: Any, with_parent: bool, **options: Any) -> None:
        if with_parent and sys.platform.startswith("linux"):
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)
        os.chdir(settings.BASE_DIR)
        try:
            self._start(self._url())
        except (alone.Refused, embedded.NoServer) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=130) from None

    def _start(self, url: str) -> None:
        alone.free_port(settings.BIND_ADDRESS, settings.PORT)
        lock = alone.lock(settings.DATA_DIR, url)
        # Refused before anything starts, should it be missing.
        with_server = settings.REDIS_IS_EMBEDDED and bool(embedded.program())
        news = StringIO()
        call_command("prepare", stdout=news, verbosity=0)
        if not with_server:
            refuse_bad_setup("site")
        site = Site(
            data=settings.DATA_DIR,
            base=settings.BASE_DIR,
            address=settings.BIND_ADDRESS,
            port=settings.PORT,
            lock=lock,
        )
        said = "\n".join([f"Batuta runs at {url}", *self._who(news.getvalue())])
        watched = [Path(settings.BASE_DIR, name) for name in ("project", "jobs")]
        asyncio.run(
            site.run(
                with_server=with_server,
                watched=watched if settings.DEBUG else [],
                ready=lambda: site.console.say(said),
            )
        )

    def _who(self, news: str) -> list[str]:
        told = (
            news.strip() or f"Admin: {settings.ADMIN_USERNAME} (make password sets a new one)"
        )
        return [*told.splitlines(), "Ctrl-C ends everything."]

    def _url(self) -> str:
        host = settings.BIND_ADDRESS
        anywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
        shown = anywhere.get(host, f"[{host}]" if ":" in host else host)
        return f"http://{shown}:{settings.PORT}/"
