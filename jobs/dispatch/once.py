"""Ask for a job at most once: the same key finds the job that it asked for before."""

import json
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from jobs.models import AskedOnce, Job, new_id

_SALT = "jobs.dispatch.once"


class OtherWish(ValueError):
    """The key was used for something else."""


def once(user: Any, key: str, wish: Any, ask: Callable[[str], Job]) -> tuple[Job, bool]:
    """The job of `key`, and whether it is new. `wish` is all that is asked for, as JSON;
    `ask` takes the id of the job to be. Raises OtherWish, and what `ask` raises."""
    digest = _digest(wish)
    job = _earlier(user, key, digest)
    if job is not None:
        return job, False
    job_id = new_id()
    try:
        with transaction.atomic():
            # First: who comes second waits here, and has stored no file in vain.
            AskedOnce.objects.create(user_id=user.pk, key=key, digest=digest, job_id=job_id)
            return ask(job_id), True
    except IntegrityError:
        job = _earlier(user, key, digest)
        if job is None:
            raise
        return job, False


def _earlier(user: Any, key: str, digest: str) -> Job | None:
    row = AskedOnce.objects.select_related("job").filter(user=user.pk, key=key).first()
    if row is not None and row.digest != digest:
        raise OtherWish(key)
    return row.job if row else None


def _digest(wish: Any) -> str:
    """With a key of ours: what was asked for may hold secrets that are easy to guess."""
    text = json.dumps(wish, sort_keys=True)
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()
