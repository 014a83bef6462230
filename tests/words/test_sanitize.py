"""What is kept of text that nobody trusts."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import sanitize

RED, RESET = "\x1b[31m", "\x1b[0m"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("plain text, é, 漢字, 😀, a\ttab\nand a line", None),
        ("family 👨‍👩‍👧 of joiners", None),
        ("a\x00b", "a␀b"),
        ("bell\x07 del\x7f c1\x85", "bell␇ del␡ c1‹U+0085›"),
        ("lone \ud800 surrogate", "lone � surrogate"),
        (f"{RED}red{RESET}", None),
        ("\x1b[1;38;5;196mdeep\x1b[m", None),
        ("up\x1b[2A and \x1b[2Kgone", "up and gone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;cm0gLXJm\x07clipboard", "clipboard"),
        ("\x1bPdevice\x1b\\control", "control"),
        ("an escape alone \x1b", "an escape alone ␛"),
        ("an endless title \x1b]0;no end", "an endless title ␛]0;no end"),
        ("user\u202egpj.exe", "user‹U+202E›gpj.exe"),
        ("zero\u200bwidth\ufeff", "zero‹U+200B›width‹U+FEFF›"),
        ("carriage\rreturn", "carriage␍return"),
        ("\u2028line separator", "‹U+2028›line separator"),
    ],
)
def test_harmful_characters_become_visible_and_the_rest_stays(written: str, kept: str | None):
    assert sanitize.text(written) == (written if kept is None else kept)


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_stored_and_is_left_alone_the_second_time(written: str):
    kept = sanitize.text(written)
    kept.encode()
    assert "\x00" not in kept
    assert sanitize.text(kept) == kept


@given(st.text(st.characters(exclude_categories=()), max_size=80), st.integers(20, 60))
def test_a_text_is_never_longer_than_its_limit(written: str, limit: int):
    assert len(sanitize.text(written, limit)) <= limit


def test_a_text_that_was_cut_says_how_long_it_was():
    assert sanitize.text("x" * 10_000_000, 20) == "x" * 8 + "… ✂ 10000000"


def test_a_cut_never_leaves_half_an_escape():
    cut = sanitize.text("x" * 10 + "\x1b[38;5;196mred" * 3, 24)
    assert "\x1b" not in cut
    assert cut.startswith("x" * 10)


# Work that grew with the square of the length would not end here within minutes.
@pytest.mark.parametrize("evil", ["\x1b]", "\x1b[", "\x1b[0", "\x1b[ ", "\x00", "\x1bP\x1b"])
def test_ten_million_evil_characters_are_cut_to_the_limit(evil: str):
    assert len(sanitize.text(evil * (10_000_000 // len(evil)), 8192)) < 8300


@pytest.mark.parametrize("evil", ["\x1b]0;", "\x1b[00", "\x1b[" + "0" * 999, "\x1b(", "\x00"])
def test_a_million_evil_characters_without_a_limit_are_made_harmless(evil: str):
    assert not {"\x00", "\x07"} & set(sanitize.text(evil * (1_000_000 // len(evil))))


def test_colours_can_be_left_out():
    assert sanitize.without_colours(f"a {RED}red{RESET} word") == "a red word"


class Colour(Enum):
    RED = "red\x00"


def test_json_keeps_what_json_has_and_writes_the_rest_as_text():
    given = {
        "text": "a\x00",
        "list": (1, 2.5, None, True),
        "when": datetime(2026, 1, 2, tzinfo=UTC),
        "day": date(2026, 1, 2),
        "id": UUID(int=1),
        "price": Decimal("1.10"),
        "colour": Colour.RED,
        3: {"\ud800": 1},
        None: False,
        UUID(int=2): "key",
    }
    kept = sanitize.json(given)
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
    assert kept["text"] == "a␀"
    assert kept["list"] == [1, 2.5, None, True]
    assert (kept["day"], kept["price"], kept["colour"]) == ("2026-01-02", "1.10", "red␀")
    assert (kept["3"], kept["null"]) == ({"�": 1}, False)
    assert kept["00000000-0000-0000-0000-000000000002"] == "key"


@pytest.mark.parametrize(
    ("given", "error", "place"),
    [
        ({"scores": [1, float("nan")]}, ValueError, r"\$\.scores\[1\] is nan"),
        ([float("inf")], ValueError, r"\$\[0\] is inf"),
        ({float("nan"): 1}, ValueError, r"\$\.nan is nan"),
        ({"big": 10**5000}, ValueError, r"\$\.big is an integer of more than"),
        ({"a": {"b": object()}}, TypeError, r"\$\.a\.b is a object"),
        ({"data": b"bytes"}, TypeError, r"\$\.data is a bytes"),
        ({("a", "tuple"): 1}, TypeError, "key .* is a tuple"),
    ],
)
def test_json_refuses_what_json_does_not_have_and_names_the_place(given, error, place):
    with pytest.raises(error, match=place):
        sanitize.json(given)


def test_json_refuses_what_has_no_end():
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nested deeper than 100"):
        sanitize.json(endless)


SECRET = "p\"ss wörd'1"


@pytest.mark.parametrize(
    "written",
    [
        f"password={SECRET}!",
        repr({"password": SECRET}),
        json.dumps({"password": SECRET}),
        "https://user:p%22ss%20w%C3%B6rd%271@example.org",
    ],
)
def test_a_secret_is_hidden_however_it_was_quoted(written: str):
    hidden = sanitize.mask(written.replace("password", "key"), [SECRET])
    assert "••••" in hidden
    assert not {"ss", "rd"} & {hidden[i : i + 2] for i in range(len(hidden))}


def test_each_line_of_a_secret_of_many_lines_is_hidden():
    key = "-----BEGIN-----\nMIIEowIBAAKCAQEA\nq1w2e3r4t5y6\n-----END-----"
    assert sanitize.mask("line: q1w2e3r4t5y6", [key]) == "line: ••••"
    assert sanitize.mask(f"<{key}>", [key]) == "<••••>"


def test_a_secret_inside_another_leaves_no_rest():
    assert sanitize.mask("hunter2-long", ["hunter2", "hunter2-long"]) == "••••"


def test_three_characters_are_no_secret():
    assert sanitize.mask("abc and abcd", ["abc", ""]) == "abc and abcd"
