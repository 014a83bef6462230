"""The outbox: in order, bounded, with its last word."""

import asyncio

import pytest

from jobs.live.outbox import MOST_CHARS, MOST_MESSAGES, Outbox


class Reader:
    """Takes messages; `may_take` holds it back."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.may_take = asyncio.Event()

    async def send(self, text: str) -> None:
        await self.may_take.wait()
        self.taken.append(text)


class Latest:
    def __init__(self, text: str | None) -> None:
        self.text = text

    def latest(self) -> str | None:
        return self.text


async def test_messages_arrive_in_order_and_a_source_says_its_latest() -> None:
    outbox, reader, source = Outbox(), Reader(), Latest("old")
    outbox.put("first")
    outbox.put_source(source)
    outbox.put("last")
    source.text = "new"
    reader.may_take.set()
    await outbox.empty(reader.send)
    assert reader.taken == ["first", "new", "last"]


async def test_a_source_with_nothing_to_say_is_passed_over() -> None:
    outbox, reader = Outbox(), Reader()
    outbox.put_source(Latest(None))
    outbox.put("last")
    reader.may_take.set()
    await outbox.empty(reader.send)
    assert reader.taken == ["last"]


@pytest.mark.parametrize(
    ("text", "room"), [("x", MOST_MESSAGES), ("x" * 1_000, MOST_CHARS // 1_000)]
)
async def test_a_reader_that_takes_nothing_is_given_up(text: str, room: int) -> None:
    outbox = Outbox()
    for _nth in range(room):
        outbox.put(text)
    given_up = asyncio.create_task(outbox.overflow())
    await asyncio.sleep(0)
    assert not given_up.done()
    outbox.put(text)
    await given_up
    reader = Reader()
    reader.may_take.set()
    outbox.put("too late")
    await outbox.empty(reader.send)
    assert reader.taken == []


async def test_one_message_may_be_larger_than_all_that_may_wait() -> None:
    outbox, reader = Outbox(), Reader()
    outbox.put("x" * (MOST_CHARS + 1))
    reader.may_take.set()
    await outbox.empty(reader.send)
    assert len(reader.taken[0]) == MOST_CHARS + 1


async def test_what_was_not_sent_when_delivery_was_stopped_is_sent_later() -> None:
    outbox, reader = Outbox(), Reader()
    delivery = asyncio.create_task(outbox.deliver(reader.send))
    outbox.put("kept")
    await asyncio.sleep(0)
    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    reader.may_take.set()
    await outbox.empty(reader.send)
    assert reader.taken == ["kept"]


async def test_comfort_returns_when_the_reader_has_caught_up() -> None:
    outbox, reader = Outbox(), Reader()
    for _nth in range(500):
        outbox.put("x")
    assert not outbox.is_comfortable
    delivery = asyncio.create_task(outbox.deliver(reader.send))
    reader.may_take.set()
    await outbox.comfort()
    delivery.cancel()
    assert len(reader.taken) > 300
