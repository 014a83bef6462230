"""`manage.py prepare`: what must be done once before the site starts, or starts anew."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import OperationalError

from jobs import registry
from jobs.execution.worker import follow_registry
from project.accounts import first_admin


class Command(BaseCommand):
    help = "Migrate, write the catalogue of tasks, collect static files, make an admin."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            call_command("migrate", interactive=False, verbosity=options["verbosity"])
        except OperationalError as error:
            raise CommandError(f"The database cannot be used: {str(error).strip()}") from None
        registry.discover()
        follow_registry()
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        news = first_admin(settings.ADMIN_USERNAME, settings.ADMIN_PASSWORD)
        if news:
            self.stdout.write(news)
