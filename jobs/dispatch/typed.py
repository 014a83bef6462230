"""Arguments as they were sent: kombu's JSON keeps datetime, UUID, Decimal and bytes."""

from typing import Any

from kombu.utils import json

from jobs import registry
from jobs.params import seal, unseal

# Before the text of arguments that are sealed as a whole.
SEALED = "sealed:"


def dumps(value: Any) -> str:
    return str(json.dumps(value))  # type: ignore[no-untyped-call]


def loads(text: str) -> Any:
    return json.loads(text)  # type: ignore[no-untyped-call]


def closed(task: str, args: Any, kwargs: Any) -> str:
    """Arguments as a row keeps them: sealed as a whole where the task takes secrets."""
    text = dumps([args, kwargs])
    try:
        has_secrets = registry.get(task).parameters.has_secrets
    except registry.UnknownTask:
        has_secrets = False
    return SEALED + seal(text) if has_secrets else text


def opened(text: str) -> Any:
    """`[args, kwargs]` of what `closed` made."""
    if text.startswith(SEALED):
        text = unseal(text.removeprefix(SEALED))
    return loads(text)
