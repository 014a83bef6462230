"""One socket, without a network: how it ends by itself."""

import asyncio
from typing import Any

import pytest
from django.contrib.auth.models import User

from jobs.live import company, limits
from jobs.live.admission import Credential
from jobs.live.socket import Socket


@pytest.fixture
def sent(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a socket says that looks again all the time, and finds that nothing changed."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    monkeypatch.setattr(company, "LOOK_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(company, "person_of", lambda credential: User(pk=1))
    return []


async def serve(sent: list[dict[str, Any]], *texts: str) -> None:
    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    async def receive() -> dict[str, Any]:
        if not coming:
            await asyncio.sleep(3600)
        return {"type": "websocket.receive", "text": coming.pop(0)}

    coming = list(texts)
    async with asyncio.timeout(20):
        await Socket(Credential(), User(pk=1), send).serve(receive)


async def test_who_says_nothing_and_hears_nothing_is_closed_with_4408(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "IDLE_SECONDS", 0.1)
    await serve(sent, '{"type": "ping"}')
    assert [event.get("text") for event in sent] == ['{"type":"pong"}', None]
    assert sent[-1] == {"type": "websocket.close", "code": 4408}


async def test_who_is_nobody_any_more_is_closed_with_4401(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(company, "person_of", lambda credential: None)
    await serve(sent)
    assert sent == [{"type": "websocket.close", "code": 4401}]
