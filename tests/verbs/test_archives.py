"""Zip files of strangers: what is in them is listed, what is evil in them refused."""

import io
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from project.archives import MAX_MEMBERS, Refused, extract, is_zip, members

Make = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """Writes a zip file of names and bytes."""

    def make(*files: tuple[str | zipfile.ZipInfo, bytes], packed: int = 0) -> Path:
        path = tmp_path / "given.zip"
        with zipfile.ZipFile(path, "w", packed) as archive:
            for name, data in files:
                archive.writestr(name, data)
        return path

    return make


def test_files_are_found_and_written_where_they_are_asked_for(made, tmp_path):
    path = made(("a.jpg", b"one"), ("deep/er/b.png", b"two"))
    assert is_zip(path)
    found = members(path)
    assert [(member.name, member.size, member.refusal) for member in found] == [
        ("a.jpg", 3, None),
        ("deep/er/b.png", 3, None),
    ]
    extract(path, found[1], tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"two"


def test_folders_and_what_systems_add_are_passed_over(made):
    path = made(
        ("holiday/", b""),
        ("__MACOSX/._a.jpg", b"x"),
        ("holiday/.DS_Store", b"x"),
        ("._b.jpg", b"x"),
        ("Thumbs.db", b"x"),
        ("holiday/a.jpg", b"x"),
    )
    assert [member.name for member in members(path)] == ["holiday/a.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "a/../../b.jpg",
        "/etc/passwd",
        "//server/share.jpg",
        "C:\\windows\\a.jpg",
        "C:a.jpg",
        "..\\..\\a.jpg",
        "\\a.jpg",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused_and_nothing_is_written(made, tmp_path, name):
    path = made((name, b"evil"), ("good.jpg", b"good"))
    evil, good = members(path)
    assert "leads out" in (evil.refusal or "")
    assert good.refusal is None
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Refused, match="leads out"):
        extract(path, evil, tmp_path / "target")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK])
def test_a_link_or_a_device_is_refused(made, kind):
    info = zipfile.ZipInfo("link.jpg")
    info.external_attr = (kind | 0o777) << 16
    (member,) = members(made((info, b"/etc/passwd")))
    assert "no ordinary file" in (member.refusal or "")


def test_the_second_of_two_names_is_refused_whatever_its_case(made):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = made(("a.jpg", b"1"), ("A.JPG", b"2"), ("a.jpg", b"3"), ("b/a.jpg", b"4"))
    refusals = [member.refusal for member in members(path)]
    assert [bool(refusal) for refusal in refusals] == [False, True, True, False]
    assert "another file of this name" in (refusals[1] or "")


def test_a_zip_in_a_zip_is_refused(made):
    (member,) = members(made(("inner.ZIP", b"PK\x03\x04")))
    assert "zip file in a zip file" in (member.refusal or "")


def test_a_member_with_a_password_is_refused(made):
    path = made(("a.jpg", b"secret"))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    (member,) = members(path)
    assert "password" in (member.refusal or "")


def test_a_bomb_by_ratio_is_refused(made):
    path = made(("zeros.bmp", bytes(10_000_000)), packed=zipfile.ZIP_DEFLATED)
    with pytest.raises(Refused, match=r"looks like a bomb: unpacked, zeros\.bmp"):
        members(path)


def test_a_small_flat_picture_is_no_bomb(made):
    path = made(("flat.bmp", bytes(500_000)), packed=zipfile.ZIP_DEFLATED)
    assert members(path)[0].refusal is None


def test_a_bomb_by_number_is_refused_before_its_directory_is_read(made):
    path = made(*((f"{number}.jpg", b"") for number in range(MAX_MEMBERS + 1)))
    with pytest.raises(Refused, match="too many files"):
        members(path)


def test_a_bomb_by_size_is_refused_by_what_it_announces(made):
    path = made(*((f"{number}.jpg", b"x" * 100) for number in range(10)))
    data = bytearray(path.read_bytes())
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 20 : at + 28] = struct.pack("<2L", 30_000_000, 30_000_000)
    path.write_bytes(data)
    with pytest.raises(Refused, match="would have 300 MB"):
        members(path)


def test_a_member_that_holds_more_than_it_announced_is_refused(made, tmp_path):
    path = made(("a.bmp", b"x" * 100_000), packed=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(signature) + offset
        data[at : at + 4] = struct.pack("<L", 10)
    path.write_bytes(data)
    (member,) = members(path)
    with pytest.raises(Refused, match="cannot be unpacked"):
        extract(path, member, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_directory_without_end_is_refused_at_once(tmp_path):
    """Half a million entries that the end of the file says nothing of."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *[0] * 16)
    directory = entry * 500_000
    path = tmp_path / "given.zip"
    for locator in (b"", struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)):
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 0, 0)
        path.write_bytes(b"PK\x03\x04" + directory + locator + end)
        tracemalloc.start()
        with pytest.raises(Refused, match="table of contents"):
            members(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2_000_000


@pytest.mark.parametrize("cut", [1, 30, 60, 100])
def test_a_broken_zip_is_refused_with_words(made, cut):
    path = made(("a.jpg", b"one" * 50), ("b.jpg", b"two" * 50))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(Refused, match="broken"):
        members(path)


def test_broken_contents_are_refused_with_words(made, tmp_path):
    path = made(("a.jpg", bytes(range(256)) * 100), packed=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    data[60:80] = b"\xff" * 20
    path.write_bytes(data)
    with pytest.raises(Refused, match="cannot be unpacked"):
        extract(path, members(path)[0], tmp_path / "target")


def test_random_bytes_never_raise_anything_else(made, tmp_path):
    good = made(("a.jpg", b"one" * 50), ("b/c.jpg", b"two" * 50)).read_bytes()
    path = tmp_path / "given.zip"
    for at in range(len(good)):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        target = tmp_path / "target"
        try:
            for member in members(path):
                extract(path, member, target)
                target.unlink()
        except Refused:
            assert not target.exists()


def test_what_is_no_zip_is_not_taken_for_one(tmp_path):
    path = tmp_path / "picture.zip"
    path.write_bytes(b"\xff\xd8\xff" + io.BytesIO(b"PK\x03\x04").read())
    assert not is_zip(path)
