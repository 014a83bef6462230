"""`manage.py web`: pages and /ws, without anything beside them."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from project.serving import serve
from project.supervisor.alone import Refused, free_port


class Command(BaseCommand):
    help = "Serve the site at BIND_ADDRESS and PORT; migrated and prepared elsewhere."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            free_port(settings.BIND_ADDRESS, settings.PORT)
        except Refused as error:
            raise CommandError(str(error)) from None
        serve(settings.BIND_ADDRESS, settings.PORT)
