"""What the cleaning task deletes, and what it never touches."""

import os
import time
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from project.tasks.cleaning import clean_temporary_files

DAY = 86_400


def aged(path: Path, days: float) -> Path:
    path.write_text("x")
    moment = time.time() - days * DAY
    os.utime(path, (moment, moment))
    return path


def test_only_old_files_of_the_upload_folder_go(tmp_path, settings):
    folder = tmp_path / "uploads"
    (folder / "folder").mkdir(parents=True)
    settings.FILE_UPLOAD_TEMP_DIR = folder
    elsewhere = aged(tmp_path / "precious", 100)
    inside = aged(folder / "folder" / "inside", 100)
    young = aged(folder / "young", 6.9)
    aged(folder / "old", 7.1)
    link = folder / "link"
    link.symlink_to(elsewhere)
    assert clean_temporary_files() == 1
    assert all(path.exists() for path in (elsewhere, inside, young, link))
    assert not (folder / "old").exists()


def test_an_old_link_stays_and_so_does_what_it_points_to(tmp_path, settings):
    folder = tmp_path / "uploads"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = folder
    precious = aged(tmp_path / "precious", 100)
    (folder / "link").symlink_to(precious)
    (folder / "dangling").symlink_to(tmp_path / "nowhere")
    os.utime(folder / "link", (0, 0), follow_symlinks=False)
    assert clean_temporary_files(older_than_days=1) == 0
    assert precious.exists()


def test_without_a_folder_of_its_own_it_refuses(settings):
    settings.FILE_UPLOAD_TEMP_DIR = None
    with pytest.raises(ImproperlyConfigured, match="FILE_UPLOAD_TEMP_DIR"):
        clean_temporary_files()
