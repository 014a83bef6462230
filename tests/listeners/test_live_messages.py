"""Words and names of the live protocol."""

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jobs.live import messages
from jobs.live.groups import group_of_job, group_of_process

LAYERS_RULE = re.compile(r"[a-zA-Z0-9\-_.]{1,99}")
DOCS = Path(__file__).parents[2] / "docs" / "live.md"


@given(some.text(some.characters(), max_size=255))
def test_every_id_has_a_group_of_its_own_that_the_layer_takes(job_id: str) -> None:
    assert LAYERS_RULE.fullmatch(group_of_job(job_id))
    assert group_of_job(job_id) != group_of_job(job_id + "x")


def test_a_process_group_is_taken_too() -> None:
    assert LAYERS_RULE.fullmatch(group_of_process("0" * 32))


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_json_lacks_becomes_null(odd: float) -> None:
    text = messages.encode({"rate": odd, "deep": [{"x": (odd, 1.5)}]})
    assert json.loads(text) == {"rate": None, "deep": [{"x": [None, 1.5]}]}


def test_surrogates_and_line_separators_travel_as_escapes() -> None:
    text = messages.encode({"message": "\ud800\u2028</script>"})
    assert text.isascii()
    assert json.loads(text)["message"] == "\ud800\u2028</script>"


@pytest.mark.parametrize("kind", [*messages.KINDS, "subscribe", "unsubscribe", "ping"])
def test_every_message_is_documented(kind: str) -> None:
    assert f"`{kind}`" in DOCS.read_text()


@pytest.mark.parametrize(
    "code",
    ["4400", "4401", "4403", "4404", "4429", "1009", "1012", "live_off", "503", "429", "404"],
)
def test_every_code_is_documented(code: str) -> None:
    assert f"`{code}`" in DOCS.read_text()
