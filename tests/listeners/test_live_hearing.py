"""The ear of a web process, over a real Redis."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import redis
from channels.layers import channel_layers

from jobs.live import hearing as module
from jobs.live.groups import group_of_job
from jobs.live.hearing import Hearing, of_this_loop
from jobs.live.wire import packed
from jobs.models import Job
from jobs.signals import job_changed

GROUP = group_of_job("a")
CHANNEL = f"asgi__group__{GROUP}"


class Ear:
    """Listener and audience at once: remembers."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def hear(self, messages: list[dict[str, Any]]) -> None:
        self.heard += [message["seq"] for message in messages]

    def line_lost(self) -> None:
        self.heard.append("lost")

    def line_restored(self) -> None:
        self.heard.append("restored")


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
async def hearing(redis_client: redis.Redis, settings: Any) -> AsyncIterator[Hearing]:
    config = {"hosts": [settings.REDIS_URL]}
    layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": config}
    settings.CHANNEL_LAYERS = {"default": layer}
    yield of_this_loop()
    for task in (of_this_loop()._watching, of_this_loop()._listening):
        if task is not None:
            task.cancel()


async def tell(seq: int) -> None:
    facts = {"task_id": "a", "seq": seq, "status": "running", "attempt": 1}
    await asyncio.to_thread(
        job_changed.send, sender=Job, job_id="a", facts=facts, task="t", owner=None
    )


async def test_what_is_told_after_join_is_heard(hearing: Hearing) -> None:
    ear = Ear()
    await hearing.join(GROUP, ear)
    await tell(1)
    await until(lambda: ear.heard == [1])


async def test_many_listeners_cost_redis_one_subscription(
    hearing: Hearing, redis_client: redis.Redis
) -> None:
    ears = [Ear() for _nth in range(50)]
    await asyncio.gather(*(hearing.join(GROUP, ear) for ear in ears))
    assert redis_client.pubsub_numsub(CHANNEL)[0][1] == 1
    await tell(1)
    await until(lambda: all(ear.heard == [1] for ear in ears))
    for ear in ears[1:]:
        await hearing.leave(GROUP, ear)
    await tell(2)
    await until(lambda: ears[0].heard == [1, 2])
    await hearing.leave(GROUP, ears[0])
    await until(lambda: redis_client.pubsub_numsub(CHANNEL)[0][1] == 0)
    assert all(ear.heard == [1] for ear in ears[1:])


async def test_a_line_that_went_dead_in_silence_is_found_out(
    hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = Ear()
    hearing.audience.add(ear)
    await hearing.join(GROUP, ear)
    monkeypatch.setattr(module, "PROOF_SECONDS", 0.1)
    # Connected, and subscribed to nothing: what no error ever tells.
    await hearing._layer._shards[0]._pubsub.unsubscribe()
    await until(lambda: ear.heard == ["lost", "restored"])
    monkeypatch.undo()
    await tell(1)
    await until(lambda: ear.heard[-1] == 1)


async def test_forged_and_broken_messages_reach_nobody(
    hearing: Hearing, redis_client: redis.Redis
) -> None:
    ear = Ear()
    await hearing.join(GROUP, ear)
    layer = channel_layers.make_backend("default")

    def forge(**message: Any) -> None:
        redis_client.publish(CHANNEL, layer.serialize(message))

    def sealed(*said: Any) -> dict[str, Any]:
        return packed(GROUP, list(said))

    state = {"type": "state", "task_id": "a", "seq": 9}
    redis_client.publish(CHANNEL, b"\xc1 no msgpack")
    forge(type="websocket.close", code=1000)
    forge(type="line_lost")
    forge(type="jobs.frames")
    forge(type="jobs.frames", group=GROUP, frames=json.dumps([state]))
    forge(**sealed(state) | {"seal": "0" * 32})
    forge(**sealed(state) | {"frames": json.dumps([state | {"seq": 10}])})
    forge(**packed("job.another", [state]) | {"group": GROUP})
    forge(**sealed("text"))
    forge(**sealed({"type": "snapshot", "task_id": "a", "seq": 9}))
    forge(type="jobs.fence", token="unknown")
    await tell(1)
    await until(lambda: ear.heard)
    assert ear.heard == [1]
    assert not hearing.is_deaf


async def test_who_stops_waiting_for_the_line_does_so_at_once(
    hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library on the way may swallow the cancellation: redis and asyncio's `wait_for` did."""
    ear, begun, go = Ear(), asyncio.Event(), asyncio.Event()
    stock = hearing._add

    async def add(groups: list[str]) -> None:
        begun.set()
        try:
            await asyncio.shield(go.wait())
        except asyncio.CancelledError:
            await go.wait()
        await stock(groups)

    await hearing.join("another", Ear())
    monkeypatch.setattr(hearing, "_add", add)
    joining = asyncio.create_task(hearing.join(GROUP, ear))
    await begun.wait()
    joining.cancel()
    await asyncio.wait([joining], timeout=10)
    assert joining.cancelled()
    go.set()
    await until(lambda: GROUP in hearing._joined)
    await tell(1)
    await until(lambda: ear.heard == [1])
