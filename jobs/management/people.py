"""Whose rights apply in a shell: those of the user who is named, else all of them."""

from argparse import ArgumentParser
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.core.management import CommandError
from django.http import Http404

from jobs import permissions
from jobs.execution import many
from jobs.models import Job, JobQuerySet

USAGE = 2
"""Exit code for what was not understood or is not there, as of argparse."""


class System:
    """Whoever has the shell has the site: it may all, and is nobody in an Event."""

    pk = None
    is_active = is_superuser = is_staff = True
    is_authenticated = True

    def has_perm(self, name: str, obj: Any = None) -> bool:
        return True


SYSTEM = cast(permissions.Person, System())


def add_user(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--user",
        "--by",
        "--as",
        default="",
        metavar="USER",
        help="act as this user, with no other rights (default: as the system, which may all)",
    )


def person(name: str) -> permissions.Person:
    """The user of that login name, whatever field holds it; the system for ""."""
    return cast(permissions.Person, named(name)) if name else SYSTEM


def named(name: str) -> Any:
    """Raises CommandError when there is no such user."""
    model: Any = get_user_model()
    try:
        return model._default_manager.get(**{model.USERNAME_FIELD: name})
    except model.DoesNotExist:
        raise CommandError(f"There is no user {name!r}.", returncode=USAGE) from None


def signature(user: permissions.Person) -> Any:
    """Who stands in the Event and owns the job: nobody for the system."""
    return None if user is SYSTEM else user


def chosen(user: permissions.Person, verb: str, ids: list[str]) -> JobQuerySet:
    """These jobs, on which `user` may do `verb`; raises CommandError unless it is all of
    them."""
    seen = {*permissions.jobs(user).filter(pk__in=ids).values_list("pk", flat=True)}
    if missing := [key for key in ids if key not in seen]:
        raise CommandError(
            f"There is no job {missing[0]!r}. Nothing was done.", returncode=USAGE
        )
    jobs = Job.objects.filter(pk__in=ids)
    if user is not SYSTEM and verb != "view":
        allowed = many.allowed(user, verb).filter(pk__in=ids).count()
        if allowed < len(seen):
            raise CommandError(f"{user} may not {verb} all of them. Nothing was done.")
    return jobs


def refuse_unseen_task(user: permissions.Person, verb: permissions.Verb, name: str) -> None:
    """Raises CommandError for a task that `user` does not see, PermissionDenied for one
    that they see only."""
    if user is SYSTEM:
        return  # also what has no row yet
    try:
        permissions.task(user, verb, name)
    except Http404:
        raise CommandError(f"There is no task {name!r}.", returncode=USAGE) from None
