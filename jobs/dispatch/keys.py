"""The keys of a job, written when it is asked for: by them it shares limits with others."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from jobs import registry, sanitize
from jobs.params import Invalid
from jobs.registry.keys import OWNER, Key, told

LONGEST = 200
COLUMNS = {"concurrency_key": "concurrency_key", "rate_key": "rate_key", "fair_key": "fair_by"}
NAME_CHARS = 200


def columns_of(task: str, params: Mapping[str, Any], owner_id: Any) -> dict[str, str | None]:
    """The three keys of a job and its line; empty for a task without. Raises params.Invalid
    when the function of a key fails."""
    try:
        definition = registry.get(task)
    except registry.UnknownTask:
        return {}
    if not definition.has_keys:
        return {}
    keys = {
        column: _key(option, getattr(definition, option), params, owner_id)
        for column, option in COLUMNS.items()
    }
    return {**keys, "line": line_of(task, *keys.values())}


def line_of(task: str, *keys: str | None) -> str:
    """The name of the line of all jobs with these keys: that of the task without any."""
    if not any(key is not None for key in keys):
        return task
    digest = hashlib.sha1(json.dumps(keys).encode(), usedforsecurity=False).hexdigest()
    return f"{task[:NAME_CHARS]}#{digest}"


def _key(option: str, key: Key | None, params: Mapping[str, Any], owner_id: Any) -> str | None:
    if key is None:
        return None
    if key == OWNER and option == "fair_by":
        return str(owner_id or "")
    try:
        return _text(told(key, params))
    except Exception as error:  # somebody's function
        words = _("Its %(option)s cannot be told: %(error)s: %(why)s")
        why = {"option": option, "error": type(error).__name__, "why": error}
        raise Invalid({"": [words % why]}) from error


def _text(value: Any) -> str | None:
    """At most so long that it can be an index; what is longer ends in its digest."""
    if value is None:
        return None
    text = sanitize.text(str(value))
    if len(text) <= LONGEST:
        return text
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return f"{text[:LONGEST]}#{digest}"
