"""The language of the search field, and the moments in it."""

from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.reading import grammar
from jobs.reading.filters import Filters
from jobs.reading.grammar import KEYS, ONE_OF, Term, terms, written
from jobs.reading.moments import moment

NOW = datetime(2026, 8, 22, 14, 16, tzinfo=UTC)
# What has a meaning is tried more often than chance would.
PIECES = st.sampled_from(
    [*(f"{key}:" for key in KEYS), "param.", "-", '"', "\\", ",", " ", "*", ":", ">", "a", "\0"]
)
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=20).map("".join)


def storable(text: str) -> bool:
    return grammar.clean(text) == text and text != ""


VALUES = st.text(min_size=1, max_size=20).filter(storable)
TERMS = st.builds(
    Term,
    st.sampled_from(["", *KEYS, "param.size", "param.options.größe"]),
    VALUES,
    st.booleans(),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("state:failed", [Term("state", "failed")]),
        ("State:failed,running", [Term("state", "failed"), Term("state", "running")]),
        ("-tag:canary", [Term("tag", "canary", True)]),
        ('error:"time out"', [Term("error", "time out")]),
        ("tag:client:harbour", [Term("tag", "client:harbour")]),
        ("tag:a,b", [Term("tag", "a,b")]),
        ('queue:"a,b"', [Term("queue", "a,b")]),
        ("param.Size:>3", [Term("param.Size", ">3")]),
        ("two words", [Term("", "two"), Term("", "words")]),
        ('"two words" -"not these"', [Term("", "two words"), Term("", "not these", True)]),
        ('"state:failed"', [Term("", "state:failed")]),
        (r'"say \"hello\" \\"', [Term("", r'say "hello" \ '.strip())]),
        ("a-b - x", [Term("", "a-b"), Term("", "-"), Term("", "x")]),
        ("\x00", []),
    ],
)
def test_what_a_text_wishes_for(text, expected):
    assert terms(text) == (expected, [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stat:failed", "did you mean “state”"),
        ("http://x", "put them in quotes"),
        ("state:", "Say what, after “state:”"),
        ('error:"open', "A quotation mark is missing"),
        ("state:finished", "There is no state “finished”"),
        ("waiting:luck", "No job waits for “luck”"),
        ("since:yesterdy", "is no time"),
        ("until:999999w", "is no time"),
        ("is:odd", "“stalled”"),
        ("param.a-b:3", "no question to a parameter"),
        ("param.a:>", "no question to a parameter"),
        ("param.a.b.c.d.e.f:1", "no question to a parameter"),
        ("workflow:7", "workflow yet"),
        ("x" * 1001, "at most 1000 characters"),
        ("a " * 50 + " ".join(f"w{n}" for n in range(50)), "at most 40 parts"),
    ],
)
def test_a_mistake_is_told_in_words_and_kept_to_be_put_right(text, told):
    filters = Filters.read(f"{text}")
    assert told in " ".join(mistake.words for mistake in filters.mistakes)
    if len(text) < 50:
        assert filters.text == text


@given(TEXTS)
@example('"' + "\\" * 31)
@example("a:" * 400)
def test_no_text_raises_and_what_was_understood_comes_back_the_same(text):
    found, _wrong = terms(text)
    assert terms(written(found)) == (found, [])


@given(st.lists(TERMS, max_size=8))
def test_terms_become_text_and_the_same_terms_again(wishes):
    assert terms(written(wishes)) == (wishes, [])


@given(TEXTS)
def test_filters_are_read_from_anything_and_found_again_in_their_text(text):
    filters = Filters.read(text)
    again = Filters.read(filters.text)
    assert (again.terms, again.text) == (filters.terms, filters.text)
    assert bool(again.mistakes) == bool(filters.mistakes)


def test_a_term_of_what_a_job_has_one_of_is_taken_whole_from_a_parameter():
    assert all(
        Filters.read("", [Term(key, "a,b")]).text.endswith('"a,b"') for key in ONE_OF[1:3]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2d", "2026-08-20T14:16"),
        ("90m", "2026-08-22T12:46"),
        ("1w", "2026-08-15T14:16"),
        ("today", "2026-08-22T00:00"),
        ("Yesterday", "2026-08-21T00:00"),
        ("2026-08-01", "2026-08-01T00:00"),
        ("2026-08-01T12:30", "2026-08-01T12:30"),
        ("2026-08-01 12:30", "2026-08-01T12:30"),
        ("2026-08-01T12:30+02:00", "2026-08-01T10:30"),
        ("2026-08-01T12:30Z", "2026-08-01T12:30"),
    ],
)
def test_moments(text, expected, settings):
    settings.TIME_ZONE = "UTC"
    with time_machine.travel(NOW, tick=False):
        assert moment(text) == datetime.fromisoformat(f"{expected}+00:00")


def test_until_a_day_means_all_of_it():
    assert moment("2026-08-22", is_end=True) > moment("2026-08-22T23:59:59")


@pytest.mark.parametrize(
    "text", ["", "soon", "2d2d", "9999-12-31", "0001-01-01", "1969-01-01", "2026-99-01", "1e5d"]
)
def test_what_is_no_moment(text):
    with pytest.raises(ValueError):
        moment(text, is_end=True)
