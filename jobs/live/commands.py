"""What a client may send, read from its text. Everything else is `Malformed`."""

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.utils.translation import gettext as _

LONGEST_TOPIC = 300
LARGEST_NUMBER = 2**53
MOST_IDS = 200

_NUMBERS = ("after", "attempt", "n", "log_after", "log_attempt")


class Malformed(ValueError):
    """Not a message of the protocol; the text says why."""


@dataclass(frozen=True)
class Subscribe:
    """Tell me of `topic`; with `after`, I know the job as of that `seq`.

    `attempt` and `n` name the last progress I have, `log_after` and `log_attempt` the last
    line of the log. A feed lists `only` these ids, and counts the others.
    """

    topic: str
    after: int | None = None
    attempt: int | None = None
    n: int | None = None
    log_after: int | None = None
    log_attempt: int | None = None
    only: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Unsubscribe:
    topic: str


@dataclass(frozen=True)
class Ping:
    pass


Command: TypeAlias = Subscribe | Unsubscribe | Ping


def read(text: str | None) -> Command:
    """The command in a text frame; None stands for a binary frame. Raises Malformed."""
    if text is None:
        raise Malformed(_("Send text, not binary frames."))
    said = _object(text)
    kind = said.get("type")
    if kind == "ping":
        return Ping()
    if kind == "subscribe":
        known = {key: _number(said, key) for key in _NUMBERS}
        return Subscribe(_topic(said), only=_only(said), **known)
    if kind == "unsubscribe":
        return Unsubscribe(_topic(said))
    raise Malformed(_("“type” must be subscribe, unsubscribe or ping."))


def _object(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Malformed(_("This is not JSON.")) from None
    if not isinstance(said, dict):
        raise Malformed(_("Send a JSON object."))
    return said


def _no_number(name: str) -> None:
    raise ValueError(name)


def _topic(said: dict[str, Any]) -> str:
    topic = said.get("topic")
    if topic is None and "channel" in said:
        topic = _topic_of_channel(said["channel"])
    if not isinstance(topic, str) or not 0 < len(topic) <= LONGEST_TOPIC:
        raise Malformed(_("“topic” must be text, such as job:<id>."))
    return topic


def _topic_of_channel(channel: object) -> str:
    """`ws_channel:<user_id>:<task_id>` means `job:<task_id>`.

    The user id opens no door: whoever may view the job may say any, whoever may not is
    refused even when it names the owner, since an id is no secret.
    """
    parts = channel.split(":", 2) if isinstance(channel, str) else []
    if len(parts) != 3 or parts[0] != "ws_channel" or not parts[2]:
        raise Malformed(_("“channel” must be ws_channel:<user_id>:<task_id>."))
    return f"job:{parts[2]}"


def _only(said: dict[str, Any]) -> tuple[str, ...] | None:
    ids = said.get("only")
    if ids is None:
        return None
    if (
        not isinstance(ids, list)
        or len(ids) > MOST_IDS
        or not all(isinstance(i, str) for i in ids)
    ):
        raise Malformed(_("“only” must be a list of at most %(n)s ids.") % {"n": MOST_IDS})
    return tuple(ids)


def _number(said: dict[str, Any], key: str) -> int | None:
    value = said.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < LARGEST_NUMBER:
        raise Malformed(_("“%(key)s” must be a whole number, 0 or more.") % {"key": key})
    return value
