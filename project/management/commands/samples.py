"""`manage.py samples`: pictures to try the image task with, drawn here and now."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from project.samples import write_samples


class Command(BaseCommand):
    help = "Write some pictures, a zip of them and a broken one, into a folder."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=Path("samples"))

    def handle(self, *args: Any, **options: Any) -> None:
        for path in write_samples(options["folder"]):
            self.stdout.write(_("%(path)s, %(size)d KB") % _about(path))


def _about(path: Path) -> dict[str, object]:
    return {"path": path, "size": max(path.stat().st_size // 1000, 1)}
