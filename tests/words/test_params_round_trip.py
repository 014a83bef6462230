"""Whatever may be given for a hint comes back from the row as it went in."""

import enum
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from pydantic import BaseModel, Field, HttpUrl, SecretStr
from typing_extensions import TypedDict

from jobs import Email, Secret
from jobs.params import Parameters


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"


class Crop(BaseModel):
    left: int
    right: float = 0.5
    colour: Colour = Colour.RED
    key: SecretStr | None = None


@dataclass
class Point:
    x: int
    y: int = 0


class Options(TypedDict, total=False):
    width: int
    name: str


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
# Hypothesis reads our sources, and finds the reserved names.
names = text.filter(lambda name: name not in ("$file", "$secret"))
floats = st.floats(allow_nan=False, allow_infinity=False)
secrets = st.builds(Secret, text)
crops = st.builds(
    Crop,
    left=st.integers(-(10**20), 10**20),
    right=floats,
    colour=st.sampled_from(Colour),
    key=st.none() | st.builds(SecretStr, text),
)
plain_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | floats | text,
    lambda inner: st.lists(inner) | st.dictionaries(names, inner),
    max_leaves=10,
)

EVERY_KIND: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "bool": (bool, st.booleans()),
    "int": (int, st.integers(-(10**900), 10**900)),
    "float": (float, floats),
    "str": (str, text),
    "bytes": (bytes, st.binary()),
    "decimal": (Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    "uuid": (UUID, st.uuids()),
    "date": (date, st.dates()),
    "time": (time, st.times()),
    "naive datetime": (datetime, st.datetimes()),
    "datetime": (datetime, st.datetimes(timezones=st.just(UTC))),
    "timedelta": (timedelta, st.timedeltas(timedelta(days=-99999), timedelta(days=99999))),
    "literal": (Literal["web", 2, None], st.sampled_from(["web", 2, None])),
    "enum": (Colour, st.sampled_from(Colour)),
    "optional": (int | None, st.none() | st.integers(-5, 5)),
    "union": (int | str, st.integers(-5, 5) | text),
    "list": (list[int], st.lists(st.integers(0, 9))),
    "set": (set[str], st.sets(text)),
    "tuple": (tuple[int, str], st.tuples(st.integers(0, 9), text)),
    "dict": (dict[str, float], st.dictionaries(names, floats)),
    "dict by number": (dict[int, date], st.dictionaries(st.integers(0, 9), st.dates())),
    "model": (Crop, crops),
    "models": (list[Crop], st.lists(crops, max_size=3)),
    "dataclass": (Point, st.builds(Point, st.integers(0, 9), st.integers(0, 9))),
    "typed dict": (Options, st.fixed_dictionaries({}, optional={"width": st.integers(0, 9)})),
    "path": (Path, st.just(Path("a/b.txt"))),
    "url": (HttpUrl, st.just(HttpUrl("https://example.org/?q=1"))),
    "email": (Email, st.just("somebody@example.org")),
    "secret": (Secret, secrets),
    "secret of pydantic": (SecretStr, st.builds(SecretStr, text)),
    "secrets inside": (dict[str, list[Secret]], st.dictionaries(names, st.lists(secrets))),
    "bounded": (Annotated[int, Field(ge=3, le=9)], st.integers(3, 9)),
    "anything": (Any, plain_json),
    "no hint": (inspect.Parameter.empty, plain_json),
}


def function_of(hint: Any, default: Any = inspect.Parameter.empty) -> Callable[..., Any]:
    """A function with one parameter of this hint."""

    def function(**kwargs: Any) -> None: ...

    parameter = inspect.Parameter(
        "value", inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default
    )
    function.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]
    function.__annotations__ = {"value": hint}
    return function


def no_file(_: Any) -> Any:
    raise AssertionError("there is no file in here")


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_what_is_given_comes_back(kind):
    hint, values = EVERY_KIND[kind]
    parameters = Parameters(function_of(hint))

    @given(values)
    @how(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def comes_back(value: Any) -> None:
        judged = parameters.validate({"value": value})
        stored = parameters.store(judged, no_file)
        row = json.loads(json.dumps(stored, allow_nan=False))
        loaded = parameters.load(row, no_file)["value"]
        assert loaded == value
        assert type(loaded) is type(value) or hint is float

    comes_back()


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_what_was_stored_may_be_given_again_as_json(kind):
    """As the API and schedules do; secrets are the exception, nobody may give a seal."""
    hint, values = EVERY_KIND[kind]
    parameters = Parameters(function_of(hint))

    @given(values)
    @how(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    def is_taken(value: Any) -> None:
        stored = parameters.store(parameters.validate({"value": value}), no_file)
        if "$secret" not in str(stored):
            again = parameters.validate(stored)
            kept = parameters.store(again, no_file)
            assert parameters.load(kept, no_file) == parameters.load(stored, no_file)

    is_taken()


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_kind_has_a_schema_and_a_form(kind):
    parameters = Parameters(function_of(EVERY_KIND[kind][0]))
    json.dumps(parameters.schema)
    assert "value" in parameters.schema["properties"]
    assert 'name="value"' in parameters.form().as_p()


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_form_takes_any_old_value_as_initial(kind):
    """The job that it is filled from may be older than the function's signature."""
    parameters = Parameters(function_of(EVERY_KIND[kind][0]))

    @given(plain_json | st.sampled_from(["2026-13-01T00:00", "99999999999 days", "false"]))
    @how(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    def renders(value: Any) -> None:
        assert 'name="value"' in parameters.form(initial={"value": value}).as_p()

    renders()


@given(st.text() | st.integers() | st.binary() | st.floats() | st.lists(st.text()))
def test_arguments_of_code_are_shown_whatever_they_are(value):
    def function(a: int, *, token: Secret | None = None) -> None: ...

    shown = Parameters(function).bind(
        [value, object(), float("nan")], {"more": {value.__class__: value}}
    )
    json.dumps(shown, allow_nan=False).encode()
    assert list(shown) == ["a", "*", "more"]
