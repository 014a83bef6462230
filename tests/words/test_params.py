"""Parameters: what is refused and how that is said; secrets, files, odd functions."""

import logging
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from django.utils import translation
from pydantic import BaseModel, EmailStr, Field, field_validator

from jobs import Email, Invalid
from jobs.params import Parameters

if TYPE_CHECKING:
    from somewhere import Nothing


def no_file(_: Any) -> Any:
    raise AssertionError("there is no file in here")


def refused(parameters: Parameters, **given: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        parameters.validate(given)
    return caught.value.fields


def of(function: Callable[..., Any], **options: Any) -> Parameters:
    return Parameters(function, **options)


class Crop(BaseModel):
    left: Annotated[int, Field(ge=0)]
    names: list[str] = []


def everything(
    count: Annotated[int, Field(ge=1, le=9)],
    mode: Literal["web", "print"] = "web",
    share: float = 0.5,
    crop: Crop | None = None,
    crops: list[Crop] = [],  # noqa: B006 - a mutable default is what is tested
    when: datetime | None = None,
    who: Email | None = None,
    either: int | bool | None = None,
    name: Annotated[str, Field(max_length=5, pattern="^[a-z]*$")] = "",
) -> None: ...


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({}, "count", "This field is required."),
        ({"count": "x"}, "count", "Enter a whole number."),
        ({"count": 1.5}, "count", "Enter a whole number, without decimals."),
        ({"count": 0}, "count", "Enter 1 or more."),
        ({"count": 10}, "count", "Enter 9 or less."),
        ({"count": None}, "count", "Enter a whole number."),
        ({"mode": "x"}, "mode", "Choose one of: 'web' or 'print'."),
        ({"share": "nan"}, "share", "Enter a finite number."),
        ({"share": []}, "share", "Enter a number."),
        ({"crop": {"left": -1}}, "crop", "left: Enter 0 or more."),
        ({"crop": 3}, "crop", "Give names with their values."),
        (
            {"crops": [{"left": 1}, {"left": 1, "names": [3]}]},
            "crops",
            "[1].names[0]: Enter text.",
        ),
        ({"when": "soon"}, "when", "Enter a date and time, like 2026-08-22T18:30."),
        ({"who": "nobody"}, "who", "Enter a valid email address."),
        ({"either": []}, "either", "Enter a whole number."),
        ({"name": "abcdef"}, "name", "Enter at most 5 characters."),
        ({"name": "A"}, "name", "This text must match the pattern ^[a-z]*$."),
        ({"naem": "a"}, "naem", "There is no parameter of this name."),
    ],
)
def test_each_error_is_on_its_field_in_plain_words(given, field, words):
    found = (
        refused(of(everything), **{"count": 1} | given) if given else refused(of(everything))
    )
    assert list(found) == [field]
    assert found[field][0] == words


def test_all_errors_are_told_at_once():
    found = refused(of(everything), count="x", share="y", name="ABCDEFG")
    assert set(found) == {"count", "share", "name"}


def test_errors_speak_the_reader_s_language():
    """English is the source; a language without our catalogue still answers."""
    with translation.override("es"):
        assert refused(of(everything))["count"]


def test_a_validator_of_the_site_speaks_for_itself():
    class Even(BaseModel):
        number: int

        @field_validator("number")
        @classmethod
        def is_even(cls, number: int) -> int:
            if number % 2:
                raise ValueError("This number is odd.")
            return number

    def function(even: Even) -> None: ...

    assert refused(of(function), even={"number": 3}) == {
        "even": ["number: This number is odd."]
    }


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a\x00b", "NUL"),
        ("\ud800", "surrogates"),
        ([{"a\x00": 1}], "NUL"),
        (float("nan"), "NaN"),
        ([{"x": float("inf")}], "NaN and Infinity"),
        (10**1001, "at most 1000 digits"),
        (deep(33), "more than 32 levels"),
        ("x" * 1_000_001, "larger than 1000000 bytes"),
        (["x" * 1000] * 1001, "larger than 1000000 bytes"),
        ({"$file": "0"}, "reserved"),
        ([{"a": {"$secret": "x"}}], "reserved"),
        (object(), "JSON cannot hold this."),
    ],
)
def test_odd_values_are_refused_on_their_field(value, words):
    def function(good: int = 1, anything: Any = None) -> None: ...

    assert words in refused(of(function), good=1, anything=value)["anything"][0]


def test_odd_values_behind_a_hint_are_refused_too():
    def function(number: int = 0, numbers: dict[str, float] = {}) -> None: ...  # noqa: B006

    assert "1000 digits" in refused(of(function), number="9" * 2000)["number"][0]
    assert "finite" in refused(of(function), numbers={"a": "inf"})["numbers"][0]


def test_parameters_have_names():
    with pytest.raises(Invalid) as caught:
        of(everything).validate([1])  # type: ignore[arg-type]
    assert caught.value.fields == {"": ["Give names with their values."]}
    assert list(refused(of(everything), **{"count": 1}, **{"a\nb": 1})) == ["a\nb"]


def test_what_is_just_within_bounds_is_taken():
    def function(anything: Any) -> None: ...

    for value in (10**999, deep(31), "x" * 999_000, "ümlaut 🙂"):
        assert of(function).validate({"anything": value})


def test_all_parameters_together_are_bounded(settings):
    settings.JOBS_PARAMS_MAX_BYTES = 100

    def function(a: str, b: str) -> None: ...

    assert of(function).validate({"a": "x" * 30, "b": "x" * 30})
    assert "larger than 100 bytes" in str(refused(of(function), a="x" * 60, b="x" * 60))


def test_names_that_pydantic_s_models_use_are_parameters_like_others():
    def function(
        json, copy, schema, model_config, model_fields, _x, __y, validate, self
    ) -> None: ...

    parameters = of(function)
    given = {name: name for name in parameters.names}
    assert len(given) == 9
    stored = parameters.store(parameters.validate(given), no_file)
    assert stored == given
    assert parameters.load(stored, no_file) == given
    assert set(parameters.schema["properties"]) == set(given)
    assert set(parameters.form().fields) == set(given)


def test_hints_in_quotes_are_resolved_and_others_are_any_with_a_warning(caplog):
    def function(a: "int", b: "Nothing", c: "Annotated[int, Field(ge=3)] | None" = None): ...

    with caplog.at_level(logging.WARNING, "jobs.params"):
        parameters = of(function)
    assert "'Nothing'" in caplog.text and "'b'" in caplog.text
    assert refused(parameters, a="x", b=1, c=1) == {
        "a": ["Enter a whole number."],
        "c": ["Enter 3 or more."],
    }
    assert parameters.validate({"a": "1", "b": [{"anything": 1}]})


def test_a_hint_that_pydantic_does_not_know_is_any_with_a_warning(caplog):
    class Strange: ...

    def function(a: Strange, b: int = 1) -> None: ...

    parameters = of(function)
    assert "Strange" in caplog.text
    assert refused(parameters, a=1, b="x") == {"b": ["Enter a whole number."]}


def test_an_email_needs_no_further_package():
    def function(to: EmailStr, copy_to: EmailStr | None = None) -> None: ...

    assert of(function).schema["properties"]["to"]["format"] == "email"
    assert "to" in refused(of(function), to="x@")


def test_further_arguments_are_free_where_the_function_takes_them():
    def function(a: int, *rest: int, **more: Any) -> None: ...

    parameters = of(function)
    assert parameters.names == ("a",)
    stored = parameters.store(parameters.validate({"a": "1", "b": [2], "c": "d"}), no_file)
    assert parameters.load(stored, no_file) == {"a": 1, "b": [2], "c": "d"}


def test_parameters_by_position_only_are_split_off():
    def function(a: int, b: int = 5, /, c: int = 0) -> tuple[int, int, int]:
        return a, b, c

    parameters = of(function)
    args, kwargs = parameters.split(parameters.load({"a": 1, "c": 3}, no_file))
    assert function(*args, **kwargs) == (1, 5, 3)


def test_defaults_are_kept_with_the_job_when_json_can_hold_them():
    marker = object()

    def function(
        a: int = 1,
        b: Any = marker,
        c: Decimal = Decimal("1.5"),
        d: int = "no",
        e: Any = {},  # type: ignore[assignment]  # noqa: B006
    ) -> None: ...

    parameters = of(function)
    stored = parameters.store(parameters.validate({}), no_file)
    assert stored == {"a": 1, "c": "1.5", "e": {}}
    assert parameters.load(stored, no_file) == {"a": 1, "c": Decimal("1.5"), "e": {}}
    stored["e"]["mine"] = 1
    assert parameters.store(parameters.validate({}), no_file)["e"] == {}


def test_a_default_of_none_makes_the_parameter_optional():
    def function(a: int = None) -> None: ...  # type: ignore[assignment]  # noqa: RUF013

    assert of(function).load(
        of(function).store(of(function).validate({"a": None}), no_file), no_file
    ) == {"a": None}


def test_a_function_that_has_changed_since_says_which_parameter():
    def function(a: int) -> None: ...

    with pytest.raises(Invalid) as caught:
        of(function).load({"a": "x", "gone": 1}, no_file)
    assert set(caught.value.fields) == {"a", "gone"}
