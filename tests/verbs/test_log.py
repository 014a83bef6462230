"""The log of one attempt: numbered, bounded, masked."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from jobs.execution.log import CHARS_IN_MEMORY, LINES_IN_MEMORY, Log


def texts(log: Log) -> list[str]:
    return [text for _, _, text in log.take()[1]]


def test_lines_are_numbered_on_from_what_was_taken():
    log = Log(first=5)
    log.add("info", "one\ntwo")
    log.add("error", "three\n")
    first, lines = log.take()
    assert first == 5
    assert [line[1:] for line in lines] == [
        ("info", "one"),
        ("info", "two"),
        ("error", "three"),
    ]
    log.add("info", "")
    assert log.take()[0] == 8
    assert log.take() == (9, [])


def test_a_line_carries_its_moment_in_utc_with_milliseconds():
    log = Log()
    log.add("info", "now")
    moment = log.take()[1][0][0]
    assert len(moment) == len("2026-01-02T03:04:05.678+00:00")
    assert abs(datetime.fromisoformat(moment) - datetime.now(UTC)) < timedelta(seconds=5)


def test_who_waits_for_lines_is_told_after_they_came():
    log = Log()
    heard: list[int] = []
    log.on_line = lambda: heard.append(len(log.take()[1]))
    log.add("info", "a\nb")
    log.write("info", "half a line")
    log.write("info", " and its end\n")
    assert heard == [2, 1]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("WARNING", "warning"), ("warn", "warning"), ("x" * 1000, "info"), (30, "info")],
)
def test_a_level_is_one_of_five_whatever_is_given(given, kept):
    log = Log()
    log.add(given, "text")
    assert log.take()[1][0][1] == kept


def test_what_is_no_text_is_shown_as_one():
    log = Log()
    log.add("info", {"a": 1})  # type: ignore[arg-type]
    assert texts(log) == ["{'a': 1}"]


def test_harmful_text_is_made_visible_and_colours_stay():
    log = Log()
    log.add("info", "\x1b[31mred\x1b[0m\x1b[2A nul\x00 \ud800 \u202e")
    assert texts(log) == ["\x1b[31mred\x1b[0m nul␀ � ‹U+202E›"]


def test_secrets_are_hidden_even_across_the_place_where_a_line_is_cut(settings):
    settings.JOBS_LOG_LINE_MAX_CHARS = 40
    log = Log(secrets=["hunter22", "abc"])
    log.add("info", "x" * 36 + "hunter22")
    log.hide(["s3cret"])
    log.write("info", "s3c")
    log.write("info", "ret, no more hunter22\n")
    assert texts(log) == ["x" * 36 + "••••", "••••, no more hunter22"]


def test_a_long_line_is_cut_with_a_mark(settings):
    settings.JOBS_LOG_LINE_MAX_CHARS = 30
    log = Log()
    log.add("info", "y" * 1000)
    (line,) = texts(log)
    assert len(line) == 30
    assert line.endswith("… ✂ 1000")


def test_beyond_the_last_line_there_is_one_mark_and_nothing_more(settings):
    settings.JOBS_LOG_MAX_LINES = 10
    log = Log()
    for number in range(25):
        log.add("info", f"line {number}")
    log.add("info", "more\n" * 25)
    first, lines = log.take()
    assert first == 1
    assert [text for _, _, text in lines[:10]] == [f"line {number}" for number in range(10)]
    assert len(lines) == 11
    assert "Cut here" in lines[10][2]
    assert log.not_kept == 15 + 25
    log.add("info", "still more")
    assert log.take() == (12, [])


def test_a_later_attempt_of_a_full_log_adds_no_second_mark(settings):
    settings.JOBS_LOG_MAX_LINES = 10
    full = Log(first=11)
    full.add("info", "over")
    assert ["Cut here" in text for text in texts(full)] == [True]
    marked = Log(first=12)
    marked.add("info", "over")
    assert marked.take() == (12, [])


def test_the_characters_of_a_log_have_an_end_too(settings):
    settings.JOBS_LOG_MAX_CHARS = 1000
    log = Log()
    for _ in range(100):
        log.add("info", "z" * 100)
    kept = texts(log)
    assert len(kept) == 11
    assert "Cut here" in kept[-1]


def test_a_flood_between_two_flushes_is_dropped_with_its_count_and_goes_on_after():
    log = Log()
    for number in range(LINES_IN_MEMORY + 500):
        log.add("info", str(number))
    kept = texts(log)
    assert len(kept) == LINES_IN_MEMORY + 1
    assert kept[-2] == str(LINES_IN_MEMORY - 1)
    assert "500 lines are missing" in kept[-1]
    log.add("info", "after")
    first, lines = log.take()
    assert (first, [text for _, _, text in lines]) == (LINES_IN_MEMORY + 2, ["after"])


def test_long_lines_are_dropped_by_their_weight():
    log = Log()
    for _ in range(2000):
        log.add("info", "w" * 8000)
    kept = texts(log)
    assert sum(map(len, kept)) < CHARS_IN_MEMORY + 10_000
    assert "missing" in kept[-1]


def test_one_text_of_a_million_lines_is_bounded():
    log = Log()
    log.add("info", "line\n" * 1_000_000)
    assert len(texts(log)) == LINES_IN_MEMORY + 1
    assert log.not_kept == 1_000_000 - LINES_IN_MEMORY


def test_pieces_become_a_line_at_its_end_or_at_the_end_of_the_attempt():
    log = Log()
    assert log.write("info", "a") == []
    assert log.write("warning", "other stream") == []
    assert log.write("info", "b\nc\nd") == ["ab", "c"]
    assert texts(log) == ["ab", "c"]
    assert log.close() == [("info", "d"), ("warning", "other stream")]
    assert texts(log) == ["d", "other stream"]
    assert log.close() == []


def test_pieces_of_two_threads_do_not_mix():
    log = Log()
    log.write("info", "main ")
    other = threading.Thread(target=log.write, args=("info", "other\n"))
    other.start()
    other.join()
    log.write("info", "thread\n")
    assert texts(log) == ["other", "main thread"]


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        (["\r 10%", "\r 50%", "\r100%\n"], ["100%"]),
        (["a\r\nb\r\n"], ["a", "b"]),
        (["a\r", "\nb\r", "\n"], ["a", "b"]),
        (["\r 99%", "\r     \r"], [" 99%"]),
        (["\rone\rtwo"], ["two"]),
    ],
)
def test_a_progress_bar_leaves_only_its_last_state(pieces: list[str], lines: list[str]):
    log = Log()
    for piece in pieces:
        log.write("info", piece)
    log.close()
    assert [line.strip() for line in texts(log)] == [line.strip() for line in lines]


def test_a_bar_that_is_redrawn_for_ever_takes_no_memory():
    log = Log()
    for number in range(100_000):
        log.write("info", f"\r{number} " + "#" * 50)
    waiting = next(iter(log._pieces.values()))
    assert len(waiting.rest()) <= 2 * 8192


def test_many_threads_lose_nothing():
    log = Log()

    def write(name: str) -> None:
        for number in range(500):
            log.add("info", f"{name} {number}")

    threads = [threading.Thread(target=write, args=(str(i),)) for i in range(8)]
    for thread in threads:
        thread.start()
    kept: list[str] = []
    while any(thread.is_alive() for thread in threads):
        kept += texts(log)
    kept += texts(log)
    assert sorted(kept) == sorted(f"{i} {n}" for i in range(8) for n in range(500))
    assert [line for line in kept if line.startswith("3 ")] == [f"3 {n}" for n in range(500)]


def test_a_destructor_that_logs_while_a_line_is_added_does_not_lock_up():
    log = Log()

    class Loud:
        def __del__(self) -> None:
            log.add("info", "last words")

    with log._lock:
        Loud()
    assert texts(log) == ["last words"]
