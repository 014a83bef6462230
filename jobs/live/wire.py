"""What travels between processes: sealed with the site's secret, and of few types.

So whoever may write to the Redis of the channel layer, but does not know the secret, makes
no page show anything and no socket close.
"""

import json
from functools import cache
from hashlib import blake2b
from hmac import compare_digest

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.encoding import force_bytes

from .groups import NEWS, RIGHTS
from .messages import FROM_A_JOB, Message, encode

KIND = "jobs.frames"
_TYPES = {NEWS: frozenset({"change"}), RIGHTS: frozenset({"look"})}


def packed(group: str, frames: list[Message]) -> Message:
    """A message of the channel layer. The frames go as JSON text: msgpack knows neither
    large integers nor surrogates. Raises what `json.dumps` raises."""
    text = encode(frames)
    return {
        "type": KIND,
        "group": group,
        "frames": text,
        "seal": _seal(_keys()[0], group, text),
    }


def opened(message: Message) -> list[Message]:
    """The frames that one of our processes said in this group; of anything else none."""
    group, text, seal = message["group"], message["frames"], message["seal"]
    if not any(compare_digest(_seal(key, group, text), seal) for key in _keys()):
        return []
    types = _TYPES.get(group, FROM_A_JOB)
    return [said for said in json.loads(text) if said["type"] in types]


def _seal(key: bytes, group: str, text: str) -> str:
    return blake2b(f"{group}\n{text}".encode(), key=key, digest_size=16).hexdigest()


@cache
def _keys() -> tuple[bytes, ...]:
    """Of the site's secret, and of those that it had before."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return tuple(blake2b(b"jobs.live" + force_bytes(secret)).digest() for secret in secrets)


def _forget(*, setting: str, **kwargs: object) -> None:
    if setting.startswith("SECRET_KEY"):
        _keys.cache_clear()


setting_changed.connect(_forget)
