"""Where the files of jobs lie, how much they may be, how long they stay."""

import io
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from PIL import Image

from jobs import enqueue
from jobs.dispatch.files import given_again, save_files
from jobs.execution import control, marker
from jobs.execution.attempt import RunningAttempt
from jobs.execution.control import Order
from jobs.execution.files import QuotaReached, open_file
from jobs.execution.thumbnails import thumbnail_of
from jobs.models import Artifact, Job, Worker, file_storage
from jobs.params import Invalid
from jobs.states import State
from jobs.web import health
from tests.doors import form_tasks, rows

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server"),  # jobs are rung for
]


class Elsewhere(Storage):
    """A storage that is no folder of this machine."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def _open(self, name: str, mode: str = "rb") -> Any:
        return ContentFile(self.held[name])

    def _save(self, name: str, content: Any) -> str:
        self.held[name] = content.read()
        return name

    def exists(self, name: str) -> bool:
        return name in self.held

    def delete(self, name: str) -> None:
        self.held.pop(name, None)

    def size(self, name: str) -> int:
        if name not in self.held:
            raise FileNotFoundError(name)
        return len(self.held[name])


@pytest.fixture(autouse=True)
def elsewhere(settings: Any) -> None:
    backend = {"BACKEND": f"{__name__}.Elsewhere"}
    settings.STORAGES = {**settings.STORAGES, "jobs": backend}


class Silent:
    def wake(self) -> None: ...

    def end(self, attempt: RunningAttempt) -> None: ...


def running(**columns: Any) -> RunningAttempt:
    return RunningAttempt(rows.job(State.RUNNING, **columns), "mine", Silent())


def is_there(file: Artifact) -> bool:
    return file_storage().exists(file.file.name)


def given() -> Job:
    """A job that was given files, and has ended."""
    rows.task(form_tasks.uploads.name)
    uploads = [SimpleUploadedFile(f"{n}.txt", b"%d" % n) for n in range(3)]
    job = enqueue(form_tasks.uploads.name, {"files": uploads[:2], "table": uploads[2]})
    Job.objects.filter(pk=job.pk).move(State.CANCELLED)
    return Job.objects.get(pk=job.pk)


def retried(job: Job) -> Job:
    return control.retry(job, Order(None))


def contents(job: Job) -> dict[str, bytes]:
    return {each.name: each.file.read() for each in job.artifacts.order_by("name")}


def test_without_a_storage_of_their_own_files_lie_in_the_default_one(settings):
    settings.STORAGES = {k: v for k, v in settings.STORAGES.items() if k != "jobs"}
    file_storage().exists("x")
    assert file_storage()._wrapped is storages["default"]


def test_what_lies_elsewhere_is_read_attached_and_handed_out():
    attempt = running(owner=(owner := rows.user("owner")))
    upload = rows.artifact(attempt.job, "given.txt", b"given", kind=Artifact.Kind.INPUT)
    with open_file(attempt, str(upload.pk)).open() as file:
        assert file.read() == b"given"
    made = attempt.attach(b"made", "made.txt", None, None)
    client = Client()
    client.force_login(owner)
    address = reverse("jobs:artifact", args=[attempt.job.pk, made.pk])
    assert b"".join(client.get(address).streaming_content) == b"made"
    file_storage().delete(made.file.name)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "delete", [lambda job: job.delete(), lambda job: Job.objects.filter(pk=job.pk).delete()]
)
def test_files_go_with_their_job_once_that_is_sure(delete):
    file = rows.artifact(job := rows.job(State.COMPLETED), "a.txt")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        delete(Job.objects.get(pk=job.pk))
        raise ZeroDivisionError
    assert is_there(file)
    delete(job)
    assert not is_there(file)


def test_a_job_that_runs_again_keeps_its_files_when_the_old_one_is_deleted():
    old = given()
    again = retried(old)
    once_more = retried_after_end(again)
    names = {"0.txt": b"0", "1.txt": b"1", "2.txt": b"2"}
    assert Artifact.objects.count() == 9
    assert len({file.file.name for file in Artifact.objects.all()}) == 3
    old.delete()
    again.delete()
    assert contents(once_more) == names
    files = {str(each.pk): each.name for each in once_more.artifacts.all()}
    assert [files[each["$file"]] for each in once_more.params["files"]] == ["0.txt", "1.txt"]
    kept = list(once_more.artifacts.all())
    once_more.delete()
    assert not any(map(is_there, kept))


def retried_after_end(job: Job) -> Job:
    Job.objects.filter(pk=job.pk).move(State.CANCELLED)
    return retried(Job.objects.get(pk=job.pk))


def test_a_file_that_was_deleted_meanwhile_makes_no_job():
    old = given()
    files: list[Artifact] = []
    given_again(old, "new", files)
    Artifact.objects.get(job=old, name="1.txt").delete()
    with pytest.raises(Invalid, match="deleted"), transaction.atomic():
        save_files(files)


def test_a_parameter_that_only_looks_like_a_file_takes_no_file_of_others():
    foreign = rows.artifact(rows.job(), "secret.txt", kind=Artifact.Kind.INPUT)
    job = rows.job(State.FAILED, params={"x": 1, "y": 2, "z": {"$file": str(foreign.pk)}})
    files: list[Artifact] = []
    assert given_again(job, "new", files) == job.params
    assert files == []


def test_a_job_may_attach_so_much_and_no_more(settings):
    settings.JOBS_ARTIFACTS_MAX_BYTES = 10
    attempt = running()
    rows.artifact(attempt.job, "given.txt", b"x" * 99, kind=Artifact.Kind.INPUT)
    rows.artifact(attempt.job, "earlier.txt", b"1234")
    attempt.attach(b"123456", "fits.txt", None, None)
    with pytest.raises(QuotaReached, match="Quota reached"):
        attempt.attach(b"7", "more.txt", None, None)
    [(_at, level, text)] = attempt.log.take()[1]
    assert (level, text.startswith("Quota reached")) == ("error", True)
    assert not Artifact.objects.filter(name="more.txt").exists()


def test_what_no_row_will_name_is_not_left_behind(monkeypatch):
    attempt = running()

    def fail(self: Artifact, **how: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Artifact, "save", fail)
    with pytest.raises(ZeroDivisionError):
        attempt.attach(b"made", "made.txt", None, None)
    assert storages["jobs"].held == {}


def picture(kind: str, size: tuple[int, int] = (900, 300)) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", size, "red").save(drawn, kind)
    return drawn.getvalue()


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "PNG"), ("a.JPG", "JPEG"), ("a.webp", "WEBP")]
)
def test_pictures_get_a_small_one_of_ours(name, kind, tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(picture(kind))
    attempt = running()
    for file in (path, path.read_bytes()):
        made = attempt.attach(file, name, None, None)
        with Image.open(io.BytesIO(made.thumbnail)) as small:
            assert (small.format, small.size) == ("JPEG", (320, 107))


def test_a_time_limit_that_strikes_while_a_picture_is_drawn_holds(monkeypatch):
    def slow(*args: Any, **kwargs: Any) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr("jobs.execution.thumbnails.Image.open", slow)
    with pytest.raises(SoftTimeLimitExceeded):
        thumbnail_of(b"any", "a.png")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.txt", picture("PNG")),
        ("a.png", picture("JPEG")),
        ("a.png", b"<svg onload=alert(1)>"),
        ("a.png", picture("PNG")[:60]),
        ("a.png", picture("PNG", (7000, 7000))),
    ],
)
def test_what_is_no_picture_gets_none(name, body):
    assert running().attach(body, name, None, None).thumbnail is None


def test_web_and_worker_prove_that_they_see_the_same_files(client, settings, monkeypatch):
    monkeypatch.setattr(health, "_latest", health._Latest())
    assert health.files() == "none"
    Worker.tell("main@node", {})
    assert health.files() == "none"
    marker.leave("main@node")
    assert health.files() == "up"
    settings.STORAGES = {**settings.STORAGES}  # anew, and so empty
    told = client.get("/readyz").json()
    assert (told["status"], told["files"]["state"]) == ("degraded", "down")
    assert "do not see the same files" in told["files"]["detail"]
    assert "main@node" not in str(told)
    marker.leave("main@node")
    assert health.files() == "up"


def test_a_worker_that_cannot_write_is_told_of(monkeypatch):
    def fail(*args: Any) -> None:
        raise PermissionError

    Worker.tell("main@node", {})
    monkeypatch.setattr(Elsewhere, "_save", fail)
    marker.leave("main@node")
    assert health.files() == "down"
