"""The verbs that people may do, and which groups and permissions open them."""

from typing import TYPE_CHECKING, Literal, TypeAlias, Union

from django.contrib.auth.models import AnonymousUser

from jobs.models import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin

    class _Person(AbstractBaseUser, PermissionsMixin):
        pass


Person: TypeAlias = Union["_Person", AnonymousUser]
Verb: TypeAlias = Literal["view", "run", "control", "manage"]

# To which of a task's groups a verb is open, and which Django permission widens it.
ROLES: dict[Verb, tuple[Role, ...]] = {
    "view": (Role.VIEWERS, Role.RUNNERS, Role.MANAGERS),
    "run": (Role.RUNNERS, Role.MANAGERS),
    "control": (Role.MANAGERS,),
    "manage": (Role.MANAGERS,),
}
WIDE: dict[Verb, str] = {"view": "jobs.view_all", "run": "jobs.run_any"}
