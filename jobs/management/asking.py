"""`job run`: a job asked for in a shell, or its function called in this process."""

from collections.abc import Iterable
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.core.management import CommandError

from jobs import permissions, registry
from jobs.dispatch.caller import on_behalf_of
from jobs.dispatch.enqueue import enqueue
from jobs.execution.many import words
from jobs.models import Job
from jobs.params import File, Invalid, Upload
from jobs.registry import UnknownTask

from .given import LocalFile, given
from .people import USAGE, refuse_unseen_task, signature


class Asked:
    """A task, what it is given, and for whom; raises CommandError for what cannot be."""

    def __init__(
        self, user: permissions.Person, name: str, told: Iterable[str], whole: str
    ) -> None:
        self.user = user
        try:
            refuse_unseen_task(user, "run", name)
            self.definition = registry.get(name)
        except PermissionDenied:
            raise CommandError(f"{user} may not run {name}.") from None
        except UnknownTask as reason:
            raise CommandError(str(reason), returncode=USAGE) from None
        self.params = given(self.definition.parameters, told, whole)

    def as_job(self) -> Job:
        """Its row."""
        try:
            return enqueue(self.definition.name, self.params, by=signature(self.user))
        except Invalid as reason:
            raise _wrong(reason) from None

    def here(self) -> Any:
        """What the function gives back. What it raises is for the debugger: nothing here
        stands between them."""
        by_position, by_name = self.definition.parameters.split(self._loaded())
        with on_behalf_of(signature(self.user)):
            if self.definition.validate is not None:
                self.definition.validate(*by_position, **by_name)
            return self.definition.function(*by_position, **by_name)

    def _loaded(self) -> dict[str, Any]:
        """As a worker would have it: stored and loaded again."""
        parameters = self.definition.parameters
        files: dict[str, File] = {}

        def keep(upload: Upload) -> str:
            path = cast(LocalFile, upload).path
            kind, size = upload.content_type or "", upload.size or 0
            files[str(path)] = File(name=path.name, size=size, content_type=kind, path=path)
            return str(path)

        try:
            stored = parameters.store(parameters.validate(self.params), keep)
            return parameters.load(stored, files.__getitem__)
        except Invalid as reason:
            raise _wrong(reason) from None


def _wrong(reason: Invalid) -> CommandError:
    return CommandError(words(reason), returncode=USAGE)
