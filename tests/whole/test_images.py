"""The first real task, in a real worker: from uploads to artifacts."""

import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from jobs import enqueue
from jobs.models import Artifact, Job, JobError
from jobs.states import State
from project.samples import write_samples

TASK = "project.tasks.images.process_images"


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder)
    return folder


def uploaded(path: Path) -> SimpleUploadedFile:
    return SimpleUploadedFile(path.name, path.read_bytes())


def made(job: Job) -> dict[str, Artifact]:
    return {one.name: one for one in job.artifacts.filter(kind=Artifact.Kind.OUTPUT)}


def test_an_album_with_a_broken_picture_completes_with_errors(site, samples):
    asked = {
        "pictures": [uploaded(samples / "album.zip"), uploaded(samples / "harbour.jpg")],
        "operations": ["resize", "enhance"],
        "max_side": 240,
    }
    job = site.ends(enqueue(TASK, asked), State.COMPLETED_WITH_ERRORS, within=60)
    assert (job.result["processed"], job.result["failed"], job.errors_count) == (9, 1, 1)
    assert job.progress["percent"] == 100
    assert job.progress["total"] == 10 * 2
    error = JobError.objects.get(job=job)
    assert error.item == "album.zip/summer/broken.jpg"
    artifacts = made(job)
    pictures = {about["name"]: about for about in job.result["pictures"]}
    assert set(artifacts) == {*pictures, "pictures.zip"}
    assert {"harbour.jpg", "harbour-2.jpg"} < set(pictures)
    for name, about in pictures.items():
        with Image.open(artifacts[name].file) as picture:
            assert picture.size == (about["width"], about["height"])
        with Image.open(io.BytesIO(artifacts[name].thumbnail)) as thumbnail:
            assert max(thumbnail.size) <= 160
    with zipfile.ZipFile(artifacts["pictures.zip"].file) as packed:
        assert sorted(packed.namelist()) == sorted(pictures)
        assert packed.testzip() is None


def test_a_job_of_broken_pictures_only_fails_with_words(site, samples):
    asked = {"pictures": [uploaded(samples / "broken.jpg")], "operations": ["blur"]}
    job = site.ends(enqueue(TASK, asked), State.FAILED)
    assert "NothingProcessed" in job.reason
    assert job.error.startswith("The picture could not be processed: broken.jpg:")
    assert made(job) == {}
