"""Names of files made of names that strangers chose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project.names import Names, safe_stem


@pytest.mark.parametrize(
    ("given_name", "stem"),
    [
        ("harbour.jpg", "harbour"),
        ("Straße am Meer.final.png", "Straße am Meer.final"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.bmp", "a"),
        ("..", "_"),
        ("", "_"),
        ("...jpg", "_"),
        (".hidden", "hidden"),
        ("CON", "_CON"),
        ("com1.txt.jpg", "_com1.txt"),
        ("a\x00b.jpg", "a_b"),
        ("line\nbreak.jpg", "line_break"),
        ("a<b>c:d*?.jpg", "a_b_c_d_"),
        ("gpj.\u202eexe.jpg", "gpj.‹U+202E›exe"),
        ("trailing. .jpg", "trailing"),
    ],
)
def test_a_name_is_made_safe_and_stays_readable(given_name: str, stem: str):
    assert safe_stem(given_name) == stem


@given(st.text(st.characters(exclude_categories=()), max_size=400))
def test_no_name_is_dangerous(name: str):
    stem = safe_stem(name)
    assert 1 <= len(stem.encode()) <= 151
    assert not set(stem) & set("/\\\0\n")
    assert stem.strip(" .") == stem or stem.startswith("_")


def test_no_two_files_get_one_name():
    names = Names(["pictures.zip"])
    made = [names.unique(name, "jpg") for name in ("a.png", "x/A.gif", "a-2.jpg", "a.jpg")]
    assert made == ["a.jpg", "A-2.jpg", "a-2-2.jpg", "a-3.jpg"]
    assert names.unique("Pictures.tar", "zip") == "Pictures-2.zip"
