"""What a client may send."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jobs.live.commands import Malformed, Ping, Subscribe, Unsubscribe, read

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=10,
)
FRAMES = (
    some.text()
    | JSON.map(json.dumps)
    | some.fixed_dictionaries(
        {"type": some.sampled_from(["subscribe", "unsubscribe", "ping"]) | JSON},
        optional=dict.fromkeys(
            ("topic", "channel", "after", "n", "attempt", "log_after"), JSON
        ),
    ).map(json.dumps)
)


@given(FRAMES)
def test_any_text_is_a_command_or_malformed(text: str) -> None:
    try:
        command = read(text)
    except Malformed as failure:
        assert str(failure)
    else:
        assert isinstance(command, Subscribe | Unsubscribe | Ping)


def test_a_subscription_says_what_the_client_knows() -> None:
    text = '{"type":"subscribe","topic":"job:a","after":3,"attempt":1,"n":9,"log_after":0}'
    assert read(text) == Subscribe("job:a", after=3, attempt=1, n=9, log_after=0)


@pytest.mark.parametrize("task_id", ["a", "a:b", "ws_channel:1:2", "ü*"])
def test_the_channel_form_means_the_topic_of_its_task(task_id: str) -> None:
    text = json.dumps({"type": "subscribe", "channel": f"ws_channel:123:{task_id}"})
    assert read(text) == Subscribe(f"job:{task_id}")


def test_unsubscribe_takes_both_forms() -> None:
    assert read('{"type":"unsubscribe","topic":"job:a"}') == Unsubscribe("job:a")
    assert read('{"type":"unsubscribe","channel":"ws_channel:1:a"}') == Unsubscribe("job:a")
