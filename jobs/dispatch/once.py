"""Ask for something at most once: the same key finds what it asked for before."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.crypto import salted_hmac

from jobs.models import AskedOnce
from jobs.params.secret import is_secret, revealed

_SALT = "jobs.dispatch.once"
Made = TypeVar("Made", bound=Model)


class OtherWish(ValueError):
    """The key was used for something else."""


def once(user: Any, key: str, wish: Any, ask: Callable[[], Made]) -> tuple[Made, bool]:
    """What `ask` made for `key`, and whether that was now. Keys are each person's own; with
    None for `user` they are those of the code. `wish` is all that is asked for, as JSON.
    Raises OtherWish, and what `ask` raises."""
    digest = _digest(wish)
    mine: dict[str, Any] = {"user_id": getattr(user, "pk", user), "key": key}
    made = _earlier(mine, digest)
    if made is not None:
        return made, False
    try:
        with transaction.atomic():
            # First: who comes second waits here, and has stored no file in vain.
            row = AskedOnce.objects.create(digest=digest, **mine)
            made = ask()
            row.is_for(made)
            return made, True
    except IntegrityError:
        made = _earlier(mine, digest)
        if made is None:
            raise
        return made, False


def hashed(value: Any) -> Any:
    """A parameter as it counts for a wish: of a file what it holds."""
    if isinstance(value, list):
        return [hashed(each) for each in value]
    if is_secret(value):
        return revealed(value)
    if not isinstance(value, UploadedFile):
        return value
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return {"name": value.name, "sha256": digest.hexdigest()}


def _earlier(mine: dict[str, Any], digest: str) -> Any:
    row = AskedOnce.objects.select_related("job", "schedule").filter(**mine).first()
    if row is not None and row.digest != digest:
        raise OtherWish(mine["key"])
    return row.made if row else None


def _digest(wish: Any) -> str:
    """With a key of ours: what was asked for may hold secrets that are easy to guess."""
    text = json.dumps(wish, sort_keys=True, default=str)
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()
