"""Files as parameters, and how the arguments of callers in code are shown."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pydantic import BaseModel, SecretStr

from jobs import File, Invalid
from jobs.params import Parameters


class Crop(BaseModel):
    left: int
    names: list[str] = []


def refused(parameters: Parameters, **given: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        parameters.validate(given)
    return caught.value.fields


@pytest.fixture
def picture(tmp_path: Path) -> File:
    path = tmp_path / "x"
    path.write_bytes(b"pixels")
    return File(name="a.png", size=6, content_type="image/png", path=path)


def test_uploads_are_kept_by_id_and_come_back_as_files(picture):
    def function(first: File, more: list[File], cover: File | None = None) -> None: ...

    parameters = Parameters(function)
    uploads = [SimpleUploadedFile(f"{n}.png", b"pixels") for n in range(3)]
    kept: list[Any] = []

    def keep(upload: Any) -> str:
        kept.append(upload)
        return f"id-{len(kept)}"

    values = parameters.validate({"first": uploads[0], "more": uploads[1:]})
    stored = parameters.store(values, keep)
    assert stored == {
        "first": {"$file": "id-1"},
        "more": [{"$file": "id-2"}, {"$file": "id-3"}],
        "cover": None,
    }
    assert kept == uploads
    assert parameters.shown(stored) == stored
    asked: list[str] = []
    loaded = parameters.load(stored, lambda key: asked.append(key) or picture)  # type: ignore[func-returns-value]
    assert loaded == {"first": picture, "more": [picture, picture], "cover": None}
    assert asked == ["id-1", "id-2", "id-3"]
    with loaded["first"].open() as handle:
        assert handle.read() == b"pixels"


def test_nobody_names_a_file_by_hand():
    def function(first: File, more: dict[str, Any] = {}) -> None: ...  # noqa: B006

    parameters = Parameters(function)
    assert "first" in refused(parameters, first={"$file": "other-job"})
    assert refused(parameters, first="a.png") == {"first": ["Choose a file."]}
    assert "more" in refused(
        parameters, first=SimpleUploadedFile("a", b"x"), more={"$file": "1"}
    )


def test_a_file_that_is_too_large_is_refused_on_its_field(settings):
    settings.JOBS_ARTIFACT_MAX_BYTES = 3

    def function(first: File) -> None: ...

    found = refused(Parameters(function), first=SimpleUploadedFile("a", b"four"))
    assert found == {"first": ["This file has 4 bytes; at most 3 are accepted."]}


def test_a_job_hands_its_own_file_on(picture):
    def function(first: File) -> None: ...

    parameters = Parameters(function)
    kept = []
    parameters.store(
        parameters.validate({"first": picture}), lambda each: kept.append(each) or "1"
    )  # type: ignore[func-returns-value]
    assert (kept[0].name, kept[0].size, kept[0].read()) == ("a.png", 6, b"pixels")
    kept[0].close()


def test_a_plain_function_gets_a_path_or_the_bytes_of_an_upload(picture):
    def function(
        a: str, b: Path, c: bytes, d: list[str], e: str | None = None, f=None
    ) -> None: ...

    parameters = Parameters(function, files=("a", "b", "c", "d", "e", "f"))
    upload = SimpleUploadedFile("a.png", b"pixels")
    given = {"a": upload, "b": upload, "c": upload, "d": [upload, upload], "f": upload}
    stored = parameters.store(parameters.validate(given), lambda _: "1")
    path = str(picture.path)
    assert parameters.load(stored, lambda _: picture) == {
        "a": path,
        "b": picture.path,
        "c": b"pixels",
        "d": [path, path],
        "e": None,
        "f": picture,
    }


def test_arguments_of_code_are_named_and_harmless(picture):
    def function(a: int, crop: Crop, *rest: int, password: str = "", **more: Any) -> None: ...

    shown = Parameters(function, secrets=("password",)).bind(
        [1, Crop(left=3), "x\x00y", 2],
        {"password": "canary", "file": picture, "key": SecretStr("canary"), "n": float("inf")},
    )
    assert shown == {
        "a": 1,
        "crop": {"left": 3, "names": []},
        "*": ["x␀y", 2],
        "password": "••••••••",
        "file": {"name": "a.png", "size": 6},
        "key": "••••••••",
        "n": "inf",
    }


def test_arguments_of_any_size_are_shown_bounded():
    def function(a: Any) -> None: ...

    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    loop: list[Any] = []
    loop.append(loop)
    for value in (["x" * 1000] * 1000, "y" * 10**6, loop, Rude(), {Rude(): 10**5000}):
        assert len(json.dumps(Parameters(function).bind([value], {}))) < 30_000
