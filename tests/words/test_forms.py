"""The form of a task: its words, its time zone, its files, and how it is filled again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from pydantic import BaseModel, Field, SecretStr

from jobs import File, Invalid, Secret
from jobs.params import Parameters
from jobs.params.form import ParametersForm


class Crop(BaseModel):
    left: int
    key: SecretStr | None = None


def posted(**values: Any) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def no_file(_: Any) -> Any:
    raise AssertionError("there is no file in here")


def appoint(value: datetime) -> None: ...


def both(function: Callable[..., Any], **options: Any) -> ParametersForm:
    return Parameters(function, **options).form()


def test_labels_and_help_come_from_the_field_or_the_docstring():
    def function(
        step_seconds: float,
        share: Annotated[float, Field(title="The share", description="Of the whole.")] = 0.5,
        words: list[str] = [],  # noqa: B006
    ) -> None:
        """Do it.

        Args:
            step_seconds: How long one step takes,
                in seconds.
            share: Not this.
            words (list of str): Some.
        """

    form = both(function)
    assert [field.label for field in form] == ["Step seconds", "The share", "Words"]
    assert [field.help_text for field in form] == [
        "How long one step takes, in seconds.",
        "Of the whole.",
        "Some. One on each line.",
    ]


def test_a_moment_is_read_and_shown_in_the_reader_s_time_zone():
    parameters = Parameters(appoint)
    with timezone.override(ZoneInfo("Europe/Lisbon")):
        form = parameters.form(posted(value="2026-08-22T18:30"), MultiValueDict())
        assert form.is_valid(), form.errors
        moment = parameters.validate(form.given())
        stored = parameters.store(moment, no_file)
        assert parameters.load(stored, no_file)["value"] == datetime(
            2026, 8, 22, 17, 30, tzinfo=UTC
        )
        assert 'value="2026-08-22T18:30:00"' in str(parameters.form(initial=stored))
        assert "Europe/Lisbon" in form["value"].help_text
        gap = parameters.form(posted(value="2026-03-29T01:30"), MultiValueDict())
        assert not gap.is_valid()


def test_files_are_read_from_the_upload():
    def function(cover: File, pages: list[File]) -> None: ...

    cover, *pages = [SimpleUploadedFile(name, b"x") for name in ("a", "b", "c")]
    files = MultiValueDict({"cover": [cover], "pages": pages})
    form = Parameters(function).form(posted(), files)
    assert form.is_valid(), form.errors
    assert form.given() == {"cover": cover, "pages": pages}
    assert form.is_multipart()
    missing = Parameters(function).form(posted(), MultiValueDict())
    assert missing.errors == {"cover": ["This field is required."]}


def test_a_form_is_filled_again_from_what_a_job_had_but_for_secrets_and_files():
    def function(
        count: int,
        crop: Crop,
        key: Secret,
        plain: str,
        cover: File,
        when: timedelta,
        **more: Any,
    ) -> None: ...

    parameters = Parameters(function, secrets=["plain"])
    given = {
        "count": 5,
        "crop": {"left": 1, "key": "canary"},
        "key": "canary",
        "plain": "canary",
        "cover": SimpleUploadedFile("canary.png", b"x"),
        "when": timedelta(minutes=90),
        "other": [1],
    }
    stored = parameters.store(parameters.validate(given), lambda _: "canary")
    html = str(parameters.form(initial=stored))
    assert "canary" not in html and "••••" not in html and "$secret" not in html
    for part in ('value="5"', "&quot;left&quot;: 1", 'value="1h 30m"', "&quot;other&quot;: ["):
        assert part in html


def test_what_was_typed_is_shown_again_as_it_was():
    def function(a: int, b: dict[str, int], c: Literal["x"], d: Any, e: timedelta) -> None: ...

    typed = {"a": "12x", "b": '{"a"', "c": "zz", "d": "[1", "e": "a while"}
    form = Parameters(function).form(posted(**typed), MultiValueDict())
    assert not form.is_valid()
    assert set(form.errors) == set(typed)
    assert [field.value() for field in form] == list(typed.values())


def test_errors_of_a_later_judge_go_on_their_fields():
    def function(a: int) -> None: ...

    form = Parameters(function).form(posted(a="1"), MultiValueDict())
    assert form.is_valid()
    form.take(Invalid({"a": ["Not today."], "": ["The whole is wrong."], "gone": ["Who?"]}))
    assert form.errors["a"] == ["Not today."]
    assert form.non_field_errors() == ["The whole is wrong.", "gone: Who?"]


def test_further_parameters_are_one_field_of_json():
    def function(a: int, **options: Any) -> None: ...

    parameters = Parameters(function)
    form = parameters.form(posted(a="1", options='{"b": [2]}'), MultiValueDict())
    assert form.is_valid(), form.errors
    assert form.given() == {"a": "1", "b": [2]}
    wrong = parameters.form(posted(a="1", options="[1]"), MultiValueDict())
    assert "options" in wrong.errors
    empty = parameters.form(posted(a="1"), MultiValueDict())
    assert empty.is_valid() and empty.given() == {"a": "1"}


def test_nobody_adds_parameters_by_hand():
    def function(a: int) -> None: ...

    form = Parameters(function).form(posted(a="1", b="2", owner="3"), MultiValueDict())
    assert form.is_valid() and form.given() == {"a": "1"}
