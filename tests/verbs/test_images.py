"""What the image task makes of what people upload."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jobs import File, Invalid, registry
from jobs.execution.outside import NoJob
from jobs.models import Artifact
from jobs.sanitize import json as plain_json
from project.archives import Refused
from project.samples import write_samples
from project.tasks import images
from project.tasks.images import NothingProcessed, process_images


class Interrupted(BaseException):
    """As a pause is: nothing catches it."""


class Desk(NoJob):
    """A job that keeps on its desk what a real one hands to the database."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.kept: dict[str, bytes] = {}
        self.thumbnails: dict[str, bytes | None] = {}
        self.types: dict[str, str | None] = {}
        self.errors: list[tuple[str, str]] = []
        self.said: list[tuple[Any, Any, Any]] = []
        self.last_checkpoint: Any = None
        self.interrupt_after = -1

    @property
    def directory(self) -> Path:  # type: ignore[override]
        self.folder.mkdir(exist_ok=True)
        return self.folder

    def progress(self, current: Any = None, total: Any = None, message: Any = None) -> None:
        self.said.append((current, total, message))

    def error(self, item: Any, message: Any) -> None:
        self.errors.append((str(item), str(message)))

    def checkpoint(self, value: Any) -> None:
        self.last_checkpoint = json.loads(json.dumps(value))
        if value["looked_at"] == self.interrupt_after:
            raise Interrupted

    def attach(
        self,
        file: Path | str | bytes,
        name: str | None = None,
        content_type: str | None = None,
        thumbnail: bytes | None = None,
    ) -> Artifact:
        artifact = super().attach(file, name, content_type, thumbnail)
        assert artifact.name not in self.kept
        self.kept[artifact.name] = Path(str(file)).read_bytes()
        self.thumbnails[artifact.name] = thumbnail
        self.types[artifact.name] = content_type
        return artifact


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path / "scratch")
    monkeypatch.setattr(images, "current_job", lambda: desk)
    return desk


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder)
    return folder


@pytest.fixture
def upload(tmp_path: Path) -> Callable[..., File]:
    """Puts bytes where an upload lies: under a name of ours, not the person's."""

    def put(name: str, data: bytes) -> File:
        path = tmp_path / f"upload-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(data)
        return File(name=name, size=len(data), content_type="", path=path)

    return put


def sample(folder: Path, name: str) -> File:
    path = folder / name
    return File(name=name, size=path.stat().st_size, content_type="", path=path)


def jpeg(size: tuple[int, int] = (60, 40), colour: str = "teal") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, "JPEG")
    return written.getvalue()


def zipped(*files: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return written.getvalue()


def test_the_samples_are_processed_and_the_broken_one_is_named(desk, samples):
    result = process_images([sample(samples, "album.zip")], ["resize", "enhance"], max_side=200)
    assert (result["processed"], result["failed"]) == (8, 1)
    ((name, why),) = desk.errors
    assert name == "album.zip/summer/broken.jpg"
    assert "broken" in why
    assert {len(thumbnail or b"") < 20_000 for thumbnail in desk.thumbnails.values()} == {True}
    packed = zipfile.ZipFile(io.BytesIO(desk.kept.pop("pictures.zip")))
    assert {name: packed.read(name) for name in packed.namelist()} == desk.kept
    for about in result["pictures"]:
        with Image.open(io.BytesIO(desk.kept[about["name"]])) as picture:
            assert picture.size == (about["width"], about["height"])
            assert max(picture.size) == 200
            assert desk.types[about["name"]] == f"image/{str(picture.format).lower()}"


def test_progress_names_operation_and_picture_and_never_goes_back(desk, samples):
    files = [sample(samples, "harbour.jpg"), sample(samples, "broken.jpg")]
    process_images(files, ["resize", "blur"], max_side=100)
    counts = [current for current, _, _ in desk.said if current is not None]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, 4)
    assert {total for _, total, _ in desk.said} == {None, 4}
    said = [message for _, _, message in desk.said if message]
    assert said == ["resize — harbour.jpg", "blur — harbour.jpg", "Packing"]


def test_operations_are_done_in_their_order(desk, upload):
    def longest_side(*operations: str) -> int:
        desk.kept.clear()
        desk.last_checkpoint = None
        result = process_images([wide], list(operations), max_side=200, angle=45)
        return max(result["pictures"][0]["width"], result["pictures"][0]["height"])

    wide = upload("wide.png", jpeg((400, 100)))
    assert longest_side("resize", "rotate") < 190
    assert longest_side("rotate", "resize") == 200


def test_the_wanted_format_decides_the_ending(desk, upload):
    process_images([upload("photo.jpg", jpeg())], ["blur"], output_format="WebP")
    assert set(desk.kept) == {"photo.webp", "pictures.zip"}


def test_pictures_of_one_name_stay_apart(desk, upload):
    album = upload("album.zip", zipped(("a/x.jpg", jpeg()), ("b/X.JPG", jpeg())))
    process_images([album, upload("x.jpg", jpeg())], ["blur"])
    assert set(desk.kept) == {"x.jpg", "X-2.jpg", "x-3.jpg", "pictures.zip"}


def test_evil_members_are_named_and_the_good_one_is_processed(desk, upload, tmp_path):
    album = upload(
        "evil.zip",
        zipped(
            ("../../escape.jpg", jpeg()),
            ("/absolute.jpg", jpeg()),
            ("notes.txt", b"no picture"),
            ("inner.zip", zipped(("x.jpg", jpeg()))),
            ("hidden.jpg", zipped(("x.jpg", jpeg()))),
            ("good.jpg", jpeg()),
        ),
    )
    before = {path for path in tmp_path.parent.rglob("*") if desk.folder not in path.parents}
    result = process_images([album], ["blur"])
    assert set(desk.kept) == {"good.jpg", "pictures.zip"}
    assert (result["processed"], result["failed"]) == (1, 5)
    reasons = dict(desk.errors)
    assert "leads out" in reasons["evil.zip/../../escape.jpg"]
    assert "leads out" in reasons["evil.zip//absolute.jpg"]
    assert "no picture" in reasons["evil.zip/notes.txt"]
    assert "zip file in a zip" in reasons["evil.zip/inner.zip"]
    assert "zip file in a zip" in reasons["evil.zip/hidden.jpg"]
    after = {path for path in tmp_path.parent.rglob("*") if desk.folder not in path.parents}
    assert after - before == {desk.folder}
    assert sorted(path.name for path in desk.folder.iterdir()) == ["made-5", "packed"]


def test_a_bomb_beside_a_picture_is_an_error_of_its_own(desk, upload):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.bmp", bytes(5_000_000))
    result = process_images(
        [upload("bomb.zip", written.getvalue()), upload("a.jpg", jpeg())], ["blur"]
    )
    assert (result["processed"], result["failed"]) == (1, 1)
    assert "bomb" in desk.errors[0][1]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("a.jpg", b"no")], "The picture could not be processed: a.jpg: This is no picture"),
        ([("a.jpg", b"no"), ("b.jpg", b"")], "None of the 2 pictures could .* a.jpg: This is"),
        ([("empty.zip", zipped())], "There is no picture in what was uploaded"),
        ([("folder.zip", zipped(("folder/", b"")))], "There is no picture"),
    ],
)
def test_a_job_without_one_good_picture_fails_with_words(desk, upload, files, words):
    with pytest.raises(NothingProcessed, match=words):
        process_images([upload(*file) for file in files], ["blur"])
    assert desk.kept == {}


def test_too_many_pictures_are_refused_before_the_first(desk, upload, monkeypatch):
    monkeypatch.setattr(images, "MAX_PICTURES", 3)
    album = upload("album.zip", zipped(*((f"{n}.jpg", jpeg()) for n in range(4))))
    with pytest.raises(Refused, match="These are 4 pictures; at most 3"):
        process_images([album], ["blur"])
    assert desk.kept == {}


def test_names_of_strangers_cannot_blow_up_the_checkpoint(desk, upload):
    name = "\u202e\x00é" * 500 + ".jpg"
    process_images([upload(name, jpeg()), upload(name, b"broken")], ["blur"])
    assert len(json.dumps(desk.last_checkpoint)) < 3_000


def test_an_interrupted_job_goes_on_with_the_next_picture(desk, samples, monkeypatch, tmp_path):
    files = [sample(samples, name) for name in ("harbour.jpg", "broken.jpg", "palette.png")]
    desk.interrupt_after = 2
    with pytest.raises(Interrupted):
        process_images(files, ["resize"], max_side=100)
    assert set(desk.kept) == {"harbour.jpg"}

    def from_the_database(pk: str) -> Any:
        assert pk == str(desk.last_checkpoint["made"][0]["artifact"])
        stored = tmp_path / "stored"
        stored.write_bytes(desk.kept["harbour.jpg"])
        return type("Kept", (), {"file": stored})

    monkeypatch.setattr(images.Artifact.objects, "get", from_the_database)
    desk.folder = tmp_path / "scratch of the second attempt"
    desk.interrupt_after = -1
    result = process_images(files, ["resize"], max_side=100)
    assert (result["processed"], result["failed"]) == (2, 1)
    assert len(desk.errors) == 1
    packed = zipfile.ZipFile(io.BytesIO(desk.kept["pictures.zip"]))
    assert packed.namelist() == ["harbour.jpg", "palette.png"]


def test_only_one_picture_is_on_disk_at_a_time(desk, upload):
    album = upload("album.zip", zipped(*((f"{n}.jpg", jpeg()) for n in range(3))))
    seen: list[int] = []
    remember = desk.checkpoint

    def count(value: Any) -> None:
        seen.append(len(list(desk.directory.glob("given-*"))))
        remember(value)

    desk.checkpoint = count
    process_images([album], ["blur"])
    assert seen == [0, 0, 0]


def test_the_result_is_json(desk, upload):
    result = process_images([upload("a.jpg", jpeg())], ["blur"])
    assert plain_json(result) == json.loads(json.dumps(result)) == result


def test_the_form_asks_for_all_of_it_and_knows_the_bounds(upload):
    parameters = registry.get("project.tasks.images.process_images").parameters
    fields = parameters.schema["properties"]
    assert parameters.names[:2] == ("pictures", "operations")
    assert all(about.get("description") for about in fields.values())
    good = {"pictures": [upload("a.jpg", jpeg())], "operations": ["blur"]}
    assert parameters.validate(good)
    for wrong in (
        {"pictures": []},
        {"operations": []},
        {"operations": ["melt"]},
        {"blur_radius": 1000},
        {"max_side": 1},
        {"max_side": 100_000},
        {"contrast": float("nan")},
        {"output_format": "EXE"},
    ):
        with pytest.raises(Invalid) as refusal:
            parameters.validate(good | wrong)
        assert set(refusal.value.fields) == set(wrong)
