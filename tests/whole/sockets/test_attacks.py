"""What somebody tries who speaks HTTP and WebSocket by hand, and who has an account."""

import asyncio
import socket
from contextlib import ExitStack
from typing import Any

import pytest
import uvicorn
from django.contrib.auth.models import User
from websockets.exceptions import ConnectionClosed

from jobs.live.limits import SOCKETS_PER_PERSON
from project import serving
from tests.waiting import eventually

from .web import Web, code_of_close, hear, say, session_of, watch
from .worker import a_job, move

pytestmark = pytest.mark.django_db(transaction=True)

MASK = b"\x00\x00\x00\x00"
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: %(host)s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Cookie: %(cookie)s\r\n%(more)s\r\n"
)


def opened(web: Web, user: User, more: bytes = b"") -> tuple[socket.socket, bytes]:
    """A connection after the handshake, and how the server answered."""
    line = socket.create_connection(("127.0.0.1", web.port), timeout=15)
    values = {b"host": web.host.encode(), b"cookie": session_of(user).encode(), b"more": more}
    line.sendall(HANDSHAKE % values)
    answer = b""
    while b"\r\n\r\n" not in answer and (piece := line.recv(4096)):
        answer += piece
    return line, answer


SMUGGLED = {
    "a foreign origin in a vertical tab": b"X: a\x0bOrigin: {own}\r\nOrigin: http://evil.example\r\n",
    "a foreign origin behind a bare return": b"Origin: {own}\rOrigin: http://evil.example\r\n",
    "a foreign origin behind a line feed": b"Origin: http://evil.example\nOrigin: {own}\r\n",
    "a folded origin": b"Origin: {own}\r\n .evil.example\r\n",
    "an origin with NEL": b"Origin: {own}\x85.evil.example\r\n",
    "an origin with NUL": b"Origin: {own}\x00.evil.example\r\n",
    "a space before the colon": b"Origin : {own}\r\nOrigin: http://evil.example\r\n",
    "another host behind the first": b"Host: evil.example\r\nOrigin: http://evil.example\r\n",
    "a host that a proxy did not set": b"X-Forwarded-Host: evil.example\r\nOrigin: http://evil.example\r\n",
}


@pytest.mark.parametrize("case", SMUGGLED)
def test_no_odd_header_lets_a_foreign_page_in(web: Web, ana: User, case: str) -> None:
    host = web.host.encode()
    more = SMUGGLED[case].replace(b"{own}", b"http://" + host)
    line, answer = opened(web, ana, more)
    with line:
        assert answer.split(b" ", 2)[1] in (b"400", b"403"), answer


def frame(first: int, payload: bytes) -> bytes:
    """As a client sends it; `first` holds the flags and the kind."""
    size = len(payload)
    head = (
        bytes([first, 0x80 | size])
        if size < 126
        else bytes([first, 0xFE]) + size.to_bytes(2, "big")
    )
    return head + MASK + payload


def close_code(line: socket.socket) -> int:
    """Of the close frame that ends what the server says."""
    said = b""
    while piece := line.recv(65_536):
        said += piece
        if b"\x88" in said and len(said) - said.rindex(b"\x88") >= 4:
            break
    start = said.rindex(b"\x88")
    return int.from_bytes(said[start + 2 : start + 4], "big")


HALF = b"x" * 9_000
BROKEN = {
    "text that is no UTF-8": ([frame(0x81, b'{"type": "\xff\xfe"}')], {1007}),
    "a compressed frame that nobody agreed on": (
        [frame(0xC1, b"\xca\x48\xcd\x07\x00")],
        {1002},
    ),
    "fragments without end": (
        [frame(0x01, HALF), frame(0x00, HALF), frame(0x00, HALF)],
        {1009},
    ),
    "an unknown kind of frame": ([frame(0x83, b"")], {1002}),
    "a frame that is not masked": ([b"\x81\x02{}"], {1002}),
    "a ping of 200 bytes": ([frame(0x89, b"p" * 200)], {1002}),
    "a frame that says it has an exabyte": (
        [b"\x81\xff\x0f" + b"\xff" * 7 + MASK],
        {1002, 1009},
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_frames_against_the_rules_end_the_socket_and_nothing_else(
    web: Web, ana: User, bob: User, case: str
) -> None:
    pieces, codes = BROKEN[case]
    job = a_job(bob)
    with web.open(bob) as calm:
        watch(calm, job.id)
        line, answer = opened(web, ana, b"Sec-WebSocket-Extensions: permessage-deflate\r\n")
        with line:
            assert answer.startswith(b"HTTP/1.1 101")
            assert b"permessage-deflate" not in answer
            line.sendall(b"".join(pieces))
            assert close_code(line) in codes
        move(job)
        hear(calm, "state")


def test_one_person_has_twenty_sockets_and_no_more(web: Web, ana: User, bob: User) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(web.open(ana)) for _nth in range(SOCKETS_PER_PERSON)]
        for line in lines:
            say(line, type="ping")
            hear(line, "pong")
        with web.open(ana) as one_too_many:
            assert code_of_close(one_too_many) == 4429
        with web.open(bob) as other:
            say(other, type="ping")
            hear(other, "pong")
        lines[0].close()
        eventually(lambda: has_room(web, ana))


def has_room(web: Web, user: User) -> bool:
    with web.open(user) as line:
        try:
            say(line, type="ping")
            hear(line, "pong")
        except ConnectionClosed:
            return False
    return True


def test_guesses_tell_nothing_of_what_there_is(web: Web, ana: User, bob: User) -> None:
    """The job of another, and everything that looks like a way to it."""
    job = a_job(bob)
    guesses = [
        job.id, job.id.upper(), f" {job.id}", f"{job.id} ", f"{job.id}/", f"./{job.id}",
        f"{job.id}*", f"{job.id[:-1]}?", f"{job.id},other", "%", "_", "*", "..", "１", "1.0",
        "null", "0", f"{job.id}\n", f"{job.id}' OR 1=1 --",
    ]  # fmt: skip
    with web.open(ana) as line:
        answers = set()
        for guess in guesses:
            say(line, type="subscribe", topic=f"job:{guess}")
            error = hear(line, "error")
            answers.add((error["code"], error["detail"]))
        assert len(answers) == 1
        move(job)
        say(line, type="ping")
        hear(line, "pong")


async def test_who_never_says_what_it_wants_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "HANDSHAKE_SECONDS", 0.2)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    config = uvicorn.Config(
        application, http=serving.Punctual, lifespan="off", port=0, log_level="error"
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    slow, slow_out = await asyncio.open_connection("127.0.0.1", port)
    slow_out.write(b"GET /ws HTTP/1.1\r\nHost: a\r\n")
    quick, quick_out = await asyncio.open_connection("127.0.0.1", port)
    quick_out.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert await asyncio.wait_for(slow.read(), 10) == b""
    assert (await quick.readline()).startswith(b"HTTP/1.1 204")
    server.should_exit = True
    slow_out.close(), quick_out.close()
    await running
