"""Every kind of parameter has its control; what is typed there is read and judged."""

import enum
import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import pytest
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from pydantic import BaseModel, Field, HttpUrl, NaiveDatetime, PastDate, SecretStr

from jobs import Email, File, Secret
from jobs.params import Parameters


class Size(enum.Enum):
    SMALL = 1
    VERY_LARGE = 2


class Crop(BaseModel):
    left: int
    key: SecretStr | None = None


NO_DEFAULT: Any = object()


def parameters_for(hint: Any, default: Any = NO_DEFAULT) -> Parameters:
    def function(value): ...
    def optional(value=default): ...

    function.__annotations__ = optional.__annotations__ = {"value": hint}
    return Parameters(function if default is NO_DEFAULT else optional)


def posted(**values: Any) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def answered(hint: Any, *typed: str, default: Any = NO_DEFAULT) -> Any:
    """What the function gets when this was typed; the errors when it was refused."""
    parameters = parameters_for(hint, default)
    form = parameters.form(posted(value=list(typed)) if typed else posted(), MultiValueDict())
    if not form.is_valid():
        return form.errors["value"]
    stored = parameters.store(parameters.validate(form.given()), lambda _: "1")
    return parameters.load(stored, no_file).get("value", default)


def no_file(_: Any) -> Any:
    raise AssertionError("there is no file in here")


@pytest.mark.parametrize(
    ("hint", "typed", "expected"),
    [
        (bool, ["on"], True),
        (bool, [], False),
        (bool | None, ["false"], False),
        (bool | None, [""], None),
        (int, ["42"], 42),
        (int, [" 42 "], 42),
        (float, ["1e3"], 1000.0),
        (Decimal, ["1.50"], Decimal("1.50")),
        (str, ["  as typed\r\nhere "], "  as typed\nhere "),
        (str | None, [""], None),
        (bytes, ["grün"], "grün".encode()),
        (Literal["web", 2], ["2"], 2),
        (Literal["web", 2], ["web"], "web"),
        (Size, ["2"], Size.VERY_LARGE),
        (list[Literal["a", "b"]], ["a", "b"], ["a", "b"]),
        (set[Size], ["1"], {Size.SMALL}),
        (set[Size], [], set()),
        (list[Size] | None, [], None),
        (date, ["2026-08-22"], date(2026, 8, 22)),
        (time, ["18:30"], time(18, 30)),
        (timedelta, ["90"], timedelta(seconds=90)),
        (timedelta, ["1:30:00"], timedelta(hours=1, minutes=30)),
        (timedelta, ["2h 30m"], timedelta(hours=2, minutes=30)),
        (timedelta, ["1 day, 2 hours"], timedelta(days=1, hours=2)),
        (timedelta, ["P1DT2H"], timedelta(days=1, hours=2)),
        (timedelta, ["-1.5s"], timedelta(seconds=-1.5)),
        (NaiveDatetime, ["2026-08-22T18:30"], datetime(2026, 8, 22, 18, 30)),  # noqa: DTZ001
        (PastDate, ["2020-01-01"], date(2020, 1, 1)),
        (IPv4Address, ["10.0.0.1"], IPv4Address("10.0.0.1")),
        (Literal["a", None], [""], None),
        (Iterable[int], ["1\n2"], [1, 2]),
        (NewType("Number", int), ["3"], 3),
        (UUID, ["12345678123456781234567812345678"], UUID("1234567812345678" * 2)),
        (Email, ["a@example.org"], "a@example.org"),
        (list[str], ["one\r\n\r\n two \r\n"], ["one", "two"]),
        (list[str], [""], []),
        (list[int], ["1\n2"], [1, 2]),
        (tuple[int, ...], ["1\n2"], (1, 2)),
        (tuple[int, str], ['[1, "a"]'], (1, "a")),
        (dict[str, int], ['{"a": 1}'], {"a": 1}),
        (dict | None, [""], None),
        (Crop, ['{"left": 3}'], Crop(left=3)),
        (list[Crop], ['[{"left": 3}]'], [Crop(left=3)]),
        (int | str, ["abc"], "abc"),
        (Any, ["just text"], "just text"),
        (Any, ['{"a": [1]}'], {"a": [1]}),
        (Any, ["5"], 5),
        (Secret, ["hush"], Secret("hush")),
    ],
)
def test_what_is_typed_becomes_what_the_function_asks_for(hint, typed, expected):
    found = answered(hint, *typed)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("hint", "typed", "words"),
    [
        (int, "", "This field is required."),
        (str, "", "This field is required."),
        (dict, "", "This field is required."),
        (Annotated[list[str], Field(min_length=1)], "", "This field is required."),
        (int, "x", "Enter a whole number."),
        (Annotated[float, Field(gt=0)], "0", "Enter more than 0"),
        (Literal["a", "b"], "c", "Choose one of: 'a' or 'b'."),
        (Size, "3", "Choose one of: 1 or 2."),
        (date, "2026-13-01", "Enter a date, like 2026-08-22."),
        (datetime, "soon", "Enter a date and time, like 2026-08-22T18:30."),
        (timedelta, "a while", "Enter a duration, like 90, 1:30:00 or 2h 30m."),
        (timedelta, "9" * 900_000, "Enter a duration"),
        (UUID, "1", "Enter a UUID."),
        (HttpUrl, "nowhere", "Enter a URL, like https://example.org/."),
        (HttpUrl, "ftp://x.y", "The URL must begin with one of: 'http' or 'https'."),
        (list[int], "1\nx", "[1]: Enter a whole number."),
        (dict, '{"a": 1,\n}', "This is not valid JSON; look at line"),
        (dict, '{"a": NaN}', "This is not valid JSON"),
        (dict, "[" * 100_000, "This is not valid JSON"),
        (Any, '{"a"', "This is not valid JSON"),
        (Crop, '{"left": "x"}', "left: Enter a whole number."),
        (str, "a\x00b", "NUL"),
    ],
)
def test_what_cannot_be_is_said_on_the_field(hint, typed, words):
    assert words in answered(hint, typed)[0]


def test_a_list_that_must_hold_something_is_required():
    for inner in (Size, str, File, Crop):
        found = answered(Annotated[list[inner], Field(min_length=1)])
        assert found == ["This field is required."]


def test_an_empty_field_means_the_default_of_the_function():
    assert answered(int, "", default=7) == 7
    assert answered(Secret, "", default=Secret("old")) == Secret("old")
    assert answered(str, "", default="hello") == ""
    assert answered(int | None, "", default=7) is None


def rendered(hint: Any, default: Any = NO_DEFAULT) -> str:
    return re.sub(r"\s+", " ", str(parameters_for(hint, default).form()["value"]))


@pytest.mark.parametrize(
    ("hint", "default", "parts"),
    [
        (bool, True, ['type="checkbox"', "checked"]),
        (
            Annotated[int, Field(gt=0, le=9)],
            3,
            ['type="number"', 'min="1"', 'max="9"', 'step="1"'],
        ),
        (Annotated[int, Field(ge=0, multiple_of=5)], 5, ['step="5"']),
        (Annotated[int, Field(ge=3, multiple_of=5)], 5, ['step="1"']),
        (float, 0.5, ['type="number"', 'step="any"', 'value="0.5"']),
        (
            Annotated[Decimal, Field(decimal_places=2)],
            Decimal("1.5"),
            ['step="0.01"', 'value="1.5"'],
        ),
        (str, NO_DEFAULT, ['type="text"', " required"]),
        (Annotated[str, Field(max_length=201)], "", ["<textarea", 'maxlength="201"']),
        (Annotated[str, Field(json_schema_extra={"format": "multiline"})], "", ["<textarea"]),
        (str, "two\nlines", ["<textarea", "two lines"]),
        (Literal["web", "print"], "print", ["<select", '<option value="print" selected>print']),
        (Literal["web", "print"], NO_DEFAULT, ["<select", '<option value="" selected>choose…']),
        (Size, Size.VERY_LARGE, ['<option value="2" selected>very large']),
        (Size | None, None, ['<option value="" selected>—']),
        (set[Size], {Size.SMALL}, ['type="checkbox"', 'value="1"', "checked"]),
        (date, date(2026, 8, 22), ['type="date"', 'value="2026-08-22"']),
        (time, time(3, 4), ['type="time"', 'value="03:04:00"', 'step="1"']),
        (datetime, NO_DEFAULT, ['type="datetime-local"', 'step="1"']),
        (timedelta, timedelta(hours=26), ['type="text"', 'value="1d 2h"']),
        (HttpUrl, NO_DEFAULT, ['type="url"']),
        (Email, NO_DEFAULT, ['type="email"']),
        (list[str], ["a", "b\nc"], ["<textarea", "a &quot;b\\nc&quot;"]),
        (dict, {"a": 1}, ["<textarea", "{ &quot;a&quot;: 1 }"]),
        (File, NO_DEFAULT, ['type="file"', " required"]),
        (list[File], NO_DEFAULT, ['type="file"', " multiple"]),
        (
            Annotated[File, Field(json_schema_extra={"accept": "image/*"})],
            NO_DEFAULT,
            ['accept="image/*"'],
        ),
        (Secret, Secret("canary"), ['type="password"', 'autocomplete="new-password"']),
        (Any, "5", ["<textarea", "&quot;5&quot;"]),
    ],
)
def test_each_kind_has_its_control_its_bounds_and_its_default(hint, default, parts):
    html = rendered(hint, default)
    for part in parts:
        assert part in html
    assert "canary" not in html
