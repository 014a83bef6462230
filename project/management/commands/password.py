"""`manage.py password`: a new password for the admin, or for somebody else."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError

from project.accounts import set_password


class Command(BaseCommand):
    help = "Set a new password (ADMIN_PASSWORD, or a made-up one) and print it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", nargs="?", default=settings.ADMIN_USERNAME)

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        model = get_user_model()
        person = model.objects.filter(**{model.USERNAME_FIELD: username}).first()
        if person is None:
            raise CommandError(f"There is no user {username!r}. Run make start first.")
        given = settings.ADMIN_PASSWORD if username == settings.ADMIN_USERNAME else ""
        self.stdout.write(f"New password of {username}: {set_password(person, given)}")
