"""docs/schedules.md names every rule of a schedule, with its default."""

import re
from pathlib import Path

from django.conf import settings
from django.db.models import NOT_PROVIDED, Value

from jobs.models import CatchUp, Overlap, Schedule
from jobs.scheduling.decide import CAUGHT_UP, MISSED
from jobs.scheduling.plan import MOST_MOMENTS

PAGE = (Path(settings.BASE_DIR) / "docs" / "schedules.md").read_text()
RULES = dict(re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (\S+) \|", PAGE, re.M))


def default(name: str) -> str:
    given = Schedule._meta.get_field(name).db_default
    if given is NOT_PROVIDED:
        return "–"
    value = given.value if isinstance(given, Value) else given
    return "no" if value is False else str(value)


def test_every_rule_is_documented_with_its_default():
    told = {
        name: told.strip("`")
        for row, told in RULES.items()
        for name in re.findall(r"`(\w+)`", row)
    }
    assert {*Schedule.POLICY} == {*told} - {"pause_note"}
    for name in Schedule.POLICY:
        assert told[name] == default(name), name


def test_words_and_numbers_of_the_page_are_those_of_the_code():
    for word in (*Overlap.values, *CatchUp.values, MISSED, CAUGHT_UP):
        assert f"`{word}`" in PAGE
    assert f"at most {MOST_MOMENTS}" in PAGE
    assert f"the last {MOST_MOMENTS}" in PAGE
