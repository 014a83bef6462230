"""What a job is given, so that it can be compared with what another one is given."""

from collections.abc import Mapping
from typing import Any

from jobs import registry
from jobs.models import Job
from jobs.params import Parameters
from jobs.params.kept import holds_treasure, opened
from jobs.params.secret import is_secret, revealed
from jobs.params.shown import named

from . import typed


def values_of(job: Job) -> Mapping[str, Any]:
    """By name, as plain JSON with readable secrets: the same for the same, whether it came
    by a form or from code. Raises params.Unreadable. Not for anybody to see."""
    if not job.arguments:
        readable: dict[str, Any] = opened(job.params)
        return readable
    args, kwargs = typed.opened(job.arguments)
    try:
        parameters = registry.get(job.task_id).parameters
    except registry.UnknownTask:
        return {"*": typed.dumps([args, kwargs])}
    sent = named(parameters.signature, args, kwargs)
    plain = {name: _plain(parameters, name, value) for name, value in sent.items()}
    return parameters.defaults | plain


def _plain(parameters: Parameters, name: str, value: Any) -> Any:
    if is_secret(value):
        return revealed(value)
    if holds_treasure(value):
        return typed.dumps(value)  # sealed anew each time: like no other
    try:
        return parameters.fitted(name, value)
    except ValueError:
        return typed.dumps(value)
