"""Secrets: sealed with the site's key wherever they are kept, masked wherever shown."""

import base64
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, get_args

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes
from kombu.utils.json import register_type
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, SecretBytes, SecretStr
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

MASK = "••••••••"
SEALED = "$secret"


class Unreadable(ValueError):
    """What was sealed with a key that SECRET_KEY and its fallbacks no longer give."""


class Secret:
    """A text that nobody sees by accident: `reveal()` is the only way to it.

    As a hint it makes a password field; the value is sealed at rest.
    """

    __slots__ = ("_text",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __len__(self) -> int:
        return len(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return self._text == other._text

    def __reduce__(self) -> Any:
        """Copies and pickles carry the sealed text only."""
        return _opened, (seal(self._text),)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _as_secret,
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, when_used="json"
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "password", "writeOnly": True}


def seal(text: str) -> str:
    """`text` encrypted with the newest key; what comes back is plain ASCII."""
    return _keys()[0].encrypt(text.encode()).decode()


def unseal(token: str) -> str:
    """The text of a token of `seal`; raises Unreadable."""
    try:
        return MultiFernet(_keys()).decrypt(token).decode()
    except (InvalidToken, TypeError) as wrong:
        raise Unreadable("sealed with a key that is not known here") from wrong


def sealed(value: Any) -> dict[str, str]:
    """A JSON value as it is kept in a row."""
    return {SEALED: seal(json.dumps(value))}


def unsealed(kept: Mapping[str, Any]) -> Any:
    """The JSON value that `sealed` made this of; raises Unreadable."""
    return json.loads(unseal(kept[SEALED]))


def is_secret(value: Any) -> bool:
    return isinstance(value, Secret | SecretStr | SecretBytes)


def revealed(value: Any) -> str:
    """The text of a secret of ours or of pydantic's."""
    if isinstance(value, Secret):
        return value.reveal()
    text = value.get_secret_value()
    return text.decode() if isinstance(text, bytes) else str(text)


def _as_secret(value: Any) -> Secret:
    if isinstance(value, Secret):
        return value
    if isinstance(value, SecretStr):
        return Secret(value.get_secret_value())
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "Input should be a valid string")
    return Secret(value)


def _opened(token: str) -> Secret:
    return Secret(unseal(token))


def _keys() -> list[Fernet]:
    fallbacks = getattr(settings, "SECRET_KEY_FALLBACKS", [])
    return _derived(tuple(force_bytes(key) for key in (settings.SECRET_KEY, *fallbacks)))


@lru_cache(maxsize=8)
def _derived(keys: tuple[bytes, ...]) -> list[Fernet]:
    # HKDF: the same SECRET_KEY signs cookies; what seals parameters must be another key.
    return [
        Fernet(
            base64.urlsafe_b64encode(
                HKDF(hashes.SHA256(), 32, salt=None, info=b"batuta.params").derive(key)
            )
        )
        for key in keys
    ]


# A secret in a message of `.delay(...)`, and in the row that keeps it, is sealed too.
register_type(Secret, "jobs.Secret", lambda secret: seal(secret.reveal()), _opened)


def mentions_secret(hint: Any) -> bool:
    """Whether a hint is `Secret` or made of it, as `Secret | None` and `list[Secret]`."""
    is_one = any(hint is kind for kind in (Secret, SecretStr, SecretBytes))
    return is_one or any(map(mentions_secret, get_args(hint)))
