"""What a subscription tells, and in which order."""

import json
from typing import Any

from jobs.live.log_order import LogOrder, LogPosition
from jobs.live.outbox import COMFORTABLE_MESSAGES, Outbox
from jobs.live.subscription import JobSubscription


async def told_by(outbox: Outbox) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []

    async def send(text: str) -> None:
        told.append(json.loads(text))

    await outbox.empty(send)
    return told


def state(seq: int, status: str = "running", attempt: int = 1) -> dict[str, Any]:
    return {"type": "state", "seq": seq, "status": status, "attempt": attempt}


def step(n: int, attempt: int = 1) -> dict[str, Any]:
    return {"type": "progress", "seq": 1, "status": "running", "attempt": attempt, "n": n}


def lines(first: int, count: int, attempt: int = 1) -> dict[str, Any]:
    texts = [[n, "", "info", ""] for n in range(first, first + count)]
    return {"type": "log", "seq": 0, "attempt": attempt, "first": first, "lines": texts}


def begun(outbox: Outbox, status: str = "running") -> JobSubscription:
    subscription = JobSubscription(outbox)
    subscription.assume({"seq": 1, "status": status, "attempt": 1}, (1, 0))
    subscription.begin(LogPosition(0, 1), 0)
    return subscription


async def test_what_is_heard_before_the_row_is_read_is_told_after_it() -> None:
    outbox = Outbox()
    subscription = JobSubscription(outbox)
    subscription.hear([state(1), state(2), state(3)])
    subscription.tell_snapshot({"type": "snapshot", **state(2), "n": 0} | {"type": "snapshot"})
    subscription.begin(LogPosition(0, 1), 0)
    assert [(m["type"], m["seq"]) for m in await told_by(outbox)] == [
        ("snapshot", 2),
        ("state", 3),
    ]


async def test_states_that_come_late_or_twice_are_dropped() -> None:
    outbox = Outbox()
    begun(outbox).hear([state(3), state(2), state(3), state(4)])
    assert [m["seq"] for m in await told_by(outbox)] == [3, 4]


async def test_of_many_steps_the_latest_is_told() -> None:
    outbox = Outbox()
    begun(outbox).hear([step(n) for n in range(1, 50)])
    assert [m["n"] for m in await told_by(outbox)] == [49]


async def test_a_state_does_not_overtake_the_progress_before_it() -> None:
    outbox = Outbox()
    subscription = begun(outbox)
    subscription.hear([step(1)])
    await told_by(outbox)
    subscription.hear([step(2), step(3), state(2, "completed")])
    assert [(m["type"], m.get("n")) for m in await told_by(outbox)] == [
        ("progress", 3),
        ("state", None),
    ]


async def test_progress_of_an_earlier_attempt_is_dropped() -> None:
    outbox = Outbox()
    begun(outbox).hear([state(2, attempt=2), step(7, attempt=1)])
    assert [m["type"] for m in await told_by(outbox)] == ["state"]


async def test_the_late_last_word_of_an_ended_attempt_says_how_it_ended() -> None:
    outbox = Outbox()
    begun(outbox, "completed").hear([step(9)])
    assert [m["status"] for m in await told_by(outbox)] == ["completed"]


async def test_nothing_is_told_after_the_end() -> None:
    outbox = Outbox()
    subscription = begun(outbox)
    subscription.hear([step(1)])
    subscription.end()
    subscription.hear([state(2)])
    assert await told_by(outbox) == []


def order(outbox: Outbox, line: int = 0, last: int = 0) -> LogOrder:
    log = LogOrder(outbox)
    log.begin(LogPosition(line, 1), last)
    return log


async def numbers_told(outbox: Outbox) -> list[int]:
    return [line[0] for message in await told_by(outbox) for line in message["lines"]]


async def test_overlapping_lines_are_told_once() -> None:
    outbox = Outbox()
    log = order(outbox)
    for piece in (lines(1, 3), lines(2, 3), lines(1, 2), lines(5, 1)):
        log.take(piece)
    assert await numbers_told(outbox) == [1, 2, 3, 4, 5]
    assert not log.missing.is_set()


async def test_lines_after_a_gap_wait_for_the_rows() -> None:
    outbox = Outbox()
    log = order(outbox)
    log.take(lines(4, 2))
    assert log.missing.is_set()
    assert await numbers_told(outbox) == []
    log.take_stored(lines(1, 3))
    log.splice()
    assert await numbers_told(outbox) == [1, 2, 3, 4, 5]
    assert not log.missing.is_set()


async def test_lines_that_were_never_stored_are_given_up() -> None:
    outbox = Outbox()
    log = order(outbox)
    log.take(lines(4, 2))
    log.give_up()
    assert await numbers_told(outbox) == [4, 5]
    assert not log.missing.is_set()


async def test_a_slow_reader_gets_its_lines_from_the_rows() -> None:
    outbox = Outbox()
    log = order(outbox)
    for _nth in range(COMFORTABLE_MESSAGES):
        outbox.put('{"lines": []}')
    log.take(lines(1, 2))
    assert log.missing.is_set()
    assert await numbers_told(outbox) == []


async def test_a_new_attempt_writes_lines_anew_and_the_old_one_is_silent() -> None:
    outbox = Outbox()
    log = order(outbox, line=9)
    for piece in (lines(7, 1, attempt=2), lines(10, 1, attempt=1), lines(8, 1, attempt=2)):
        log.take(piece)
    assert await numbers_told(outbox) == [7, 8]
    assert not log.missing.is_set()
