"""What the API takes: JSON, and nothing that only looks like it."""

import json
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.parser import Parser

from .errors import bad_request


class StrictParser(Parser):
    """`application/json` only: a form of a foreign page cannot send that unasked."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != "application/json":
            raise bad_request(_("Send JSON, with “Content-Type: application/json”."))
        return parsed(request.body)


def parsed(text: str | bytes) -> Any:
    """The JSON value; raises a Refusal for what is none, NaN and Infinity among it."""
    try:
        return json.loads(text, parse_constant=no_number)
    except (ValueError, RecursionError):
        raise bad_request(_("This is not JSON.")) from None


def no_number(name: str) -> None:
    raise ValueError(name)
