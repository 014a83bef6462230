"""Values as the API takes them: bounded, and nothing that a database refuses to look up."""

import re
from datetime import datetime
from typing import Annotated, Any, TypeAlias

from django.utils.translation import gettext as _
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
)

from jobs.reading.grammar import LONGEST
from jobs.scheduling.when import EARLIEST, LATEST
from jobs.states import State, WaitingFor

_ISO = re.compile(r"\d{4}-\d\d-\d\dT")


class Given(BaseModel):
    """A body or a query: a name that we do not know is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid")


class Body(Given):
    """JSON has types: `"5"` is no number, and `false` is not 0."""

    model_config = ConfigDict(strict=True)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError(_("NUL characters cannot be stored."))
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError(_("Half characters (lone surrogates) cannot be stored."))
    return text


def _written(value: Any) -> Any:
    """Only as a text: a bare number would be taken for seconds since 1970."""
    try:
        return datetime.fromisoformat(value) if _ISO.match(value) else value
    except (TypeError, ValueError):
        return value


def _sensible(moment: datetime) -> datetime:
    """Moments at the ends of the calendar have no other time zone."""
    if not EARLIEST <= moment <= LATEST:
        raise ValueError(_("Give a moment between 1970 and 9000."))
    return moment


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Text: TypeAlias = Annotated[str, AfterValidator(_storable)]
Key: TypeAlias = Annotated[Text, StringConstraints(max_length=255)]
Name: TypeAlias = Annotated[
    str,
    StringConstraints(min_length=1, max_length=60, strip_whitespace=True),
    AfterValidator(_storable),
]
Words: TypeAlias = Annotated[Text, StringConstraints(max_length=200, strip_whitespace=True)]
Search: TypeAlias = Annotated[Text, StringConstraints(max_length=LONGEST)]
Reason: TypeAlias = Annotated[Text, StringConstraints(max_length=2_000, strip_whitespace=True)]
Tag: TypeAlias = Annotated[Text, StringConstraints(min_length=1, max_length=100)]
Tags: TypeAlias = Annotated[list[Tag], Field(max_length=50)]
Moment: TypeAlias = Annotated[
    AwareDatetime, Strict(), BeforeValidator(_written), AfterValidator(_sensible)
]
States: TypeAlias = Annotated[list[Annotated[State, Strict(False)]], BeforeValidator(_listed)]
Reasons: TypeAlias = Annotated[
    list[Annotated[WaitingFor, Strict(False)]], BeforeValidator(_listed)
]


class JobFilter(Given):
    """The filters of the list of jobs, which all must fit."""

    state: States = []
    waiting_for: Reasons = []
    task: Key = ""
    owner: Key = ""
    queue: Key = ""
    tag: Key = ""
    worker: Key = ""
    schedule: Key = ""
    backfill: Key = ""
    workflow: Key = ""
    error: Words = ""
    since: Moment | None = None
    until: Moment | None = None
    q: Search = ""
