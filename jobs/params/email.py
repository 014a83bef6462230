"""An e-mail address as a hint, judged by Django; pydantic's own needs a package more."""

from typing import Annotated

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, WithJsonSchema


def _address(value: str) -> str:
    try:
        validate_email(value)
    except ValidationError as wrong:
        raise ValueError(" ".join(wrong.messages)) from None
    return value


Email = Annotated[
    str, AfterValidator(_address), WithJsonSchema({"type": "string", "format": "email"})
]
