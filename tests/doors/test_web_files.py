"""Files of a job: one, all as a zip, small pictures; nothing of them opens as a page."""

import io
import zipfile
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import reverse

from jobs.models import Artifact
from jobs.states import State
from jobs.web.archive import unique_name

from . import rows


@pytest.fixture
def job(client: Client, db: None, settings: Any, tmp_path: Any) -> Any:
    settings.MEDIA_ROOT = tmp_path
    owner = rows.user("owner")
    client.force_login(owner)
    return rows.job(State.COMPLETED, owner=owner, result={"a": "é"})


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def address(name: str, job: Any, *args: Any) -> str:
    return reverse(f"jobs:{name}", args=[job.pk, *args])


@pytest.mark.parametrize("name", ["page.html", "<script>.svg", 'a"b;c\r\nX: y.html', "é.js"])
def test_a_file_is_kept_not_opened(client, job, name):
    made = rows.artifact(job, name, b"<script>alert(1)</script>", content_type="text/html")
    response = client.get(address("artifact", job, made.pk))
    assert body(response) == b"<script>alert(1)</script>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert "\n" not in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_all_that_a_job_made_comes_as_one_zip(client, job):
    rows.artifact(job, "a.txt", b"one" * 100_000)
    rows.artifact(job, "a.txt", b"two")
    rows.artifact(job, "../../etc/passwd", b"three")
    rows.artifact(job, "given.txt", b"not mine", kind=Artifact.Kind.INPUT)
    response = client.get(address("archive", job))
    archive = zipfile.ZipFile(io.BytesIO(body(response)))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == {
        "a.txt": b"one" * 100_000,
        "a (2).txt": b"two",
        "etc/passwd": b"three",
    }


def test_a_job_without_files_gives_an_empty_zip(client, job):
    archive = zipfile.ZipFile(io.BytesIO(body(client.get(address("archive", job)))))
    assert archive.namelist() == []


def test_files_come_in_pieces_under_asgi_too(job):
    rows.artifact(job, "big", b"x" * 200_000)

    async def fetched() -> list[bytes]:
        client = AsyncClient()
        await client.aforce_login(job.owner)
        response = await client.get(address("archive", job))
        assert response.is_async
        return [piece async for piece in response.streaming_content]

    whole = b"".join(async_to_sync(fetched)())
    assert zipfile.ZipFile(io.BytesIO(whole)).read("big") == b"x" * 200_000


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../x", "x"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Windows\\x.txt", "C_/Windows/x.txt"),
        ("a/../../b", "a/b"),
        ("..", "file"),
        ("", "file"),
        ("a\x00b\n", "a_b_"),
        ("CON.txt", "_CON.txt"),
        ("a. ", "a"),
        ("x" * 400, "x" * 120),
        ("out/é 1.png", "out/é 1.png"),
    ],
)
def test_names_in_a_zip_lead_nowhere_else(name, safe):
    assert unique_name(name, set()) == safe


def test_names_in_a_zip_are_unique_even_where_case_does_not_count():
    taken: set[str] = set()
    names = [unique_name(name, taken) for name in ("A.txt", "a.TXT", "a.txt", "b", "B")]
    assert names == ["A.txt", "a (2).TXT", "a (3).txt", "b", "B (2)"]


@pytest.mark.parametrize(
    ("picture", "content_type"),
    [(rows.PNG, "image/png"), (b"\xff\xd8\xff\xe0" + b"\0" * 9, "image/jpeg")],
)
def test_small_pictures_are_shown(client, job, picture, content_type):
    made = rows.artifact(job, "a", thumbnail=picture)
    response = client.get(address("thumbnail", job, made.pk))
    assert (response.content, response["Content-Type"]) == (picture, content_type)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert (
        address("thumbnail", job, made.pk) in client.get(address("job", job)).content.decode()
    )


@pytest.mark.parametrize("picture", [None, b"", b"<svg onload=alert(1)>", b"GIF89a"])
def test_nothing_else_is_shown_as_a_picture(client, job, picture):
    made = rows.artifact(job, "a.png", thumbnail=picture, content_type="image/png")
    assert client.get(address("thumbnail", job, made.pk)).status_code == 404


def test_a_result_downloads_whole(client, job):
    response = client.get(address("result", job))
    assert body(response).decode() == '{\n  "a": "é"\n}'


def test_a_given_file_is_named_among_the_parameters(client, job):
    made = rows.artifact(job, "album.zip", kind=Artifact.Kind.INPUT)
    job.params = {"pictures": [{"$file": str(made.pk)}], "other": {"$file": "unknown"}}
    job.save()
    page = client.get(address("job", job)).content.decode()
    assert f'{address("artifact", job, made.pk)}" download>album.zip</a>' in page


def looked_into(client: Client, job: Any, made: Artifact) -> Any:
    return client.get(address("preview", job, made.pk))


def test_a_file_of_text_can_be_looked_into_as_text(client, job):
    made = rows.artifact(job, "page.html", "<script>alert('é')</script>".encode())
    response = looked_into(client, job, made)
    assert "&lt;script&gt;alert(&#x27;é&#x27;)&lt;/script&gt;" in response.content.decode()
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert address("preview", job, made.pk) in client.get(address("job", job)).content.decode()


def test_only_the_beginning_of_a_long_text_is_shown(client, job):
    made = rows.artifact(job, "long.log", b"x" * 200_000)
    page = looked_into(client, job, made).content
    assert len(page) < 100_000 and b"the first 64 KB of it" in page


@pytest.mark.parametrize(("name", "body"), [("a.bin", b"text"), ("a.txt", b"a\0b")])
def test_what_is_no_text_is_not_looked_into(client, job, name, body):
    assert looked_into(client, job, rows.artifact(job, name, body)).status_code == 404


def test_a_text_whose_bytes_are_gone_is_not_found(client, job):
    made = rows.artifact(job, "a.txt")
    made.file.storage.delete(made.file.name)
    assert looked_into(client, job, made).status_code == 404
