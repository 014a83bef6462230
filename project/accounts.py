"""The first admin, and a new password for somebody who lost theirs."""

import secrets

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser

PASSWORD_BYTES = 12


def first_admin(name: str, password: str) -> str:
    """Make the first superuser, unless there is one; what the operator must know of it.

    Without a `password` one is made up, and told this once.
    """
    people = get_user_model().objects
    if people.filter(is_superuser=True).exists():
        return ""
    person = _find(name) or get_user_model()(**{get_user_model().USERNAME_FIELD: name})
    person.is_staff = person.is_superuser = person.is_active = True
    told = set_password(person, password)
    return f"First admin: {name}, password: {'as in ADMIN_PASSWORD' if password else told}"


def set_password(person: AbstractUser, password: str = "") -> str:
    """Set and give back the password; a made-up one when none is given."""
    chosen = password or secrets.token_urlsafe(PASSWORD_BYTES)
    person.set_password(chosen)
    person.save()
    return chosen


def _find(name: str) -> AbstractUser | None:
    model = get_user_model()
    found: AbstractUser | None = model.objects.filter(**{model.USERNAME_FIELD: name}).first()
    return found
