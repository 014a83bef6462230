"""What one socket may ask of the server, and what happens to those who ask for more."""

import json
import time
from contextlib import ExitStack, suppress

import pytest
from django.contrib.auth.models import User
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from jobs.live.limits import FRAMES_PER_SECOND
from jobs.live.threads import THREADS

from .web import SLOW_SECONDS, Web, code_of_close, hear, say, watch
from .worker import a_job, lines, move, report, store

pytestmark = pytest.mark.django_db(transaction=True)

MALFORMED = {
    "no JSON": "{",
    "a list": "[]",
    "a text": '"subscribe"',
    "nothing": "",
    "no type": "{}",
    "unknown type": '{"type": "drop"}',
    "a type that is no text": '{"type": ["subscribe"]}',
    "no topic": '{"type": "subscribe"}',
    "a topic that is no text": '{"type": "subscribe", "topic": ["job:1"]}',
    "an endless topic": json.dumps({"type": "subscribe", "topic": "job:" + "x" * 1000}),
    "a negative seq": '{"type": "subscribe", "topic": "job:1", "after": -1}',
    "a broken seq": '{"type": "subscribe", "topic": "job:1", "after": 1.5}',
    "a true seq": '{"type": "subscribe", "topic": "job:1", "after": true}',
    "a huge seq": '{"type": "subscribe", "topic": "job:1", "after": ' + "9" * 5000 + "}",
    "not a number": '{"type": "subscribe", "topic": "job:1", "after": NaN}',
    "a prototype": '{"__proto__": {"type": "ping"}}',
    "a deep hole": "[" * 16_000,
    "binary": b'{"type": "ping"}',
    "half a channel": '{"type": "subscribe", "channel": "ws_channel:1"}',
    "another channel": '{"type": "subscribe", "channel": "job:1:2"}',
    "a channel that is no text": '{"type": "subscribe", "channel": 7}',
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_frames_are_answered_and_the_socket_lives(
    web: Web, ana: User, case: str
) -> None:
    with web.open(ana) as line:
        line.send(MALFORMED[case])
        error = hear(line, "error")
        assert error["code"] == 400
        assert "Traceback" not in error["detail"]
        say(line, type="ping")
        hear(line, "pong")


def test_ten_malformed_frames_in_a_row_close_with_4400(web: Web, ana: User) -> None:
    with web.open(ana) as line:
        for _nth in range(9):
            line.send("nonsense")
            hear(line, "error")
        say(line, type="ping")
        hear(line, "pong")
        for _nth in range(10):
            line.send("nonsense")
            hear(line, "error")
        assert code_of_close(line) == 4400


def test_a_frame_of_17_kb_closes_with_1009(web: Web, ana: User) -> None:
    with web.open(ana) as line:
        say(line, type="ping", padding="x" * 17_000)
        assert code_of_close(line) == 1009


def test_a_flood_of_frames_closes_with_4429(web: Web, ana: User) -> None:
    with web.open(ana) as line:
        # Of a hundred, a busy machine could take so long that they are no flood.
        with suppress(ConnectionClosed):
            for _nth in range(5_000):
                say(line, type="ping")
        assert code_of_close(line) == 4429


def test_a_socket_watches_fifty_jobs_and_no_more(web: Web, ana: User) -> None:
    made = [a_job(ana) for _nth in range(51)]
    with web.open(ana) as line:
        for job in made[:50]:
            watch(line, job.id)
            time.sleep(1 / FRAMES_PER_SECOND)  # as fast as is allowed
        say(line, type="subscribe", topic=f"job:{made[50].id}")
        assert hear(line, "error")["code"] == 429
        watch(line, made[0].id)
        move(made[49])
        assert hear(line, "state")["task_id"] == made[49].id


def read_nothing(web: Web, user: User) -> ClientConnection:
    """A client that takes one frame from its network and no more until asked."""
    return web.open(user, max_queue=1)


def test_a_reader_too_slow_for_states_is_told_to_resync_and_closed(web: Web, ana: User) -> None:
    job = a_job(ana)
    with read_nothing(web, ana) as line:
        watch(line, job.id)
        for _nth in range(1_500):
            move(job, reason="x" * 10_000)
        seen = [json.loads(line.recv(timeout=10))]
        while seen[-1]["type"] != "resync":
            seen.append(json.loads(line.recv(timeout=10)))
        assert len(seen) < 1_500
        assert code_of_close(line) == 4429


def test_a_slow_reader_gets_a_large_log_whole_and_in_order(web: Web, ana: User) -> None:
    job = a_job(ana)
    with read_nothing(web, ana) as line:
        watch(line, job.id)
        long = "y" * 2_000
        for first in range(1, 10_001, 100):
            frame = lines(job, first, 100)
            for text in frame["lines"]:
                text[3] = long
            store(job, frame)
            report(job, frame)
        heard: list[int] = []
        while len(heard) < 10_000:
            heard += [number for number, *_ in hear(line, "log")["lines"]]
        assert heard == list(range(1, 10_001))


def test_slow_queries_of_one_person_do_not_delay_another(
    web: Web, ana: User, bob: User
) -> None:
    slow, quick = a_job(ana, id="slow one"), a_job(bob)
    with ExitStack() as stack, web.open(bob) as calm:
        waiting = [stack.enter_context(web.open(ana)) for _nth in range(2 * THREADS)]
        for line in waiting:
            say(line, type="subscribe", topic=f"job:{slow.id}")
        began = time.monotonic()
        watch(calm, quick.id)
        move(quick)
        hear(calm, "state")
        passed = time.monotonic() - began
        hear(waiting[0], "snapshot", within=30)
        assert time.monotonic() - began > SLOW_SECONDS * 0.9
        assert passed < SLOW_SECONDS / 2
