"""From a worker to the layer of a web process, over a real Redis."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from channels.layers import channel_layers

from jobs.live.groups import group_of_job
from jobs.live.publish import MOST_LOG_CHARS, let_out
from jobs.live.wire import opened
from jobs.models import Job
from jobs.signals import job_changed, job_reported

ID = "übung:1"
FACTS = {"task_id": ID, "seq": 2, "status": "running", "reason": "", "attempt": 1}

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "prefix": {"prefix": "elsewhere"},
    "json": {"serializer_format": "json"},
    "encrypted": {"symmetric_encryption_keys": ["a secret"]},
}


def layer_at(settings: Any, url: str, **config: Any) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [url], **config},
        }
    }


async def heard(layer: Any, channel: str, tell: Any) -> dict[str, Any]:
    """What the layer receives; told again until the subscription counts."""
    receiving = asyncio.create_task(layer.receive(channel))
    while not receiving.done():
        await asyncio.to_thread(tell)
        await asyncio.wait([receiving], timeout=0.1)
    return dict(receiving.result())


def tell_state() -> None:
    job_changed.send(sender=Job, job_id=ID, facts=FACTS, task="tests.add", owner=7)


@pytest.mark.parametrize("config", CONFIGURATIONS)
async def test_the_layer_understands_what_is_published(
    redis_server: str, settings: Any, config: str
) -> None:
    layer_at(settings, redis_server, **CONFIGURATIONS[config])
    layer = channel_layers["default"]
    channel = await layer.new_channel()
    await layer.group_add(group_of_job(ID), channel)
    message = await heard(layer, channel, tell_state)
    assert message["group"] == group_of_job(ID)
    assert opened(message) == [{"type": "state", **FACTS}]
    await layer.flush()


async def test_a_large_piece_of_log_travels_without_its_lines(
    redis_server: str, settings: Any
) -> None:
    layer_at(settings, redis_server)
    frame = {"type": "log", "task_id": ID, "attempt": 1, "first": 5}
    texts = [[5, "", "info", "x" * MOST_LOG_CHARS], [6, "", "info", "x"]]
    layer = channel_layers["default"]
    channel = await layer.new_channel()
    await layer.group_add(group_of_job(ID), channel)

    def tell() -> None:
        job_reported.send(sender=None, job_id=ID, frames=[frame | {"lines": texts}])

    message = await heard(layer, channel, tell)
    assert opened(message) == [frame | {"lines": [], "count": 2}]
    await layer.flush()


@pytest.fixture
def listener(redis_client: redis.Redis) -> Iterator[Any]:
    with redis_client.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(f"asgi__group__{group_of_job(ID)}")
        while not redis_client.pubsub_numsub(f"asgi__group__{group_of_job(ID)}")[0][1]:
            pass
        yield listener


def next_message(listener: Any) -> Any:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if message := listener.get_message(timeout=0.1):
            return message
    raise AssertionError("nothing was published")


def test_a_forked_process_publishes_over_a_connection_of_its_own(
    redis_server: str, listener: Any, settings: Any
) -> None:
    layer_at(settings, redis_server)
    tell_state()
    next_message(listener)
    if (child := os.fork()) == 0:
        tell_state()
        let_out()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    next_message(listener)
    tell_state()
    next_message(listener)


def test_without_redis_nothing_is_raised_and_nobody_waits(
    tmp_path: Path, settings: Any
) -> None:
    layer_at(settings, f"unix://{tmp_path}/nobody.sock")
    for _nth in range(1_000):
        tell_state()


def test_the_last_state_is_told_when_redis_is_back(
    redis_server: str, listener: Any, tmp_path: Path, settings: Any
) -> None:
    absent = tmp_path / "redis.sock"
    layer_at(settings, f"unix://{absent}")
    tell_state()
    absent.symlink_to(redis_server.removeprefix("unix://").partition("?")[0])
    assert next_message(listener)["channel"].endswith(group_of_job(ID).encode())


@pytest.mark.parametrize(
    "layers", [{}, {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}]
)
def test_a_site_without_a_pub_sub_layer_publishes_nothing(settings: Any, layers: Any) -> None:
    settings.CHANNEL_LAYERS = layers
    tell_state()


@pytest.mark.parametrize("odd", [2**70, b"bytes", object(), {1, 2}, "\ud800"])
def test_any_value_can_be_told(
    redis_server: str, settings: Any, listener: Any, odd: Any
) -> None:
    layer_at(settings, redis_server)
    job_reported.send(
        sender=None, job_id=ID, frames=[{"type": "progress", "task_id": ID, "total": odd}]
    )
    next_message(listener)
