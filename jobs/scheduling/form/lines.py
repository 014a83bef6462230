"""The times when a schedule is not to run, one on each line as people write them:

2026-12-25
2026-12-24 18:00 to 2026-12-27 06:00
22:00 to 06:00 mon-fri
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime, time
from itertools import count, takewhile
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MOMENT = r"\d{4}-\d{1,2}-\d{1,2}[ T]\d{1,2}:\d{2}"
_TO = r"\s*(?:to|until|-|–|—|…)\s*"
_STRETCH = re.compile(rf"({_MOMENT}){_TO}({_MOMENT})", re.IGNORECASE)
_HOURS = re.compile(rf"(\d{{1,2}}:\d{{2}}){_TO}(\d{{1,2}}:\d{{2}})(?:\s+(.+))?", re.IGNORECASE)
_WEEK = len(_DAYS)
_LONGEST_LINE = 200


def read(text: str) -> list[Any]:
    """The windows that the lines mean, as `Schedule.blackout` keeps them; raises
    ValidationError that names each line that means none."""
    windows, problems = [], []
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if not line:
            continue
        try:
            windows.append(_window(line))
        except (ValueError, TypeError):
            told = _("Line %(number)d is no day, no stretch of time and no hours: %(line)s")
            problems.append(told % {"number": number, "line": line[:_LONGEST_LINE]})
    if problems:
        raise ValidationError(problems)
    return windows


def written(windows: Any) -> str:
    """The same as `read` takes it; what none of our lines can say stays JSON."""
    return "\n".join(map(_line, windows if isinstance(windows, list) else [windows]))


def _window(line: str) -> dict[str, Any]:
    if line.startswith("{"):
        window = json.loads(line)
        return window  # type: ignore[no-any-return]
    if stretch := _STRETCH.fullmatch(line):
        begin, end = (_moment(each) for each in stretch.groups())
        if begin >= end:
            raise ValueError(line)
        return {"from": begin.isoformat("T", "minutes"), "until": end.isoformat("T", "minutes")}
    if hours := _HOURS.fullmatch(line):
        begins, ends = (_clock(each) for each in hours.groups()[:2])
        days = {"weekdays": _weekdays(hours[3])} if hours[3] else {}
        return {"from": begins, "until": ends, **days}
    day = parse_date(line)
    if day is None:
        raise ValueError(line)
    return {"date": day.isoformat()}


def _moment(text: str) -> datetime:
    moment = parse_datetime(text)
    if moment is None:
        raise ValueError(text)
    return moment


def _clock(text: str) -> str:
    hour, minute = map(int, text.split(":"))
    return time(hour, minute).isoformat("minutes")


def _weekdays(text: str) -> list[int]:
    """`mon-fri`, `sat, sun`, `1-5`; raises ValueError for anything else."""
    found: set[int] = set()
    for part in re.split(r"[,\s]+", text.strip()):
        first, dash, last = part.partition("-")
        begin = _weekday(first)
        end = _weekday(last) if dash else begin
        found |= {*range(begin, end + 1)} or {*range(begin, _WEEK), *range(end + 1)}
    return sorted(found)


def _weekday(text: str) -> int:
    name = text.strip().lower()[:3]
    if name.isdecimal() and int(name) <= _WEEK:
        return int(name) % _WEEK
    return _DAYS.index(name)


def _line(window: Any) -> str:
    try:
        line = _in_words(window)
        if _window(line) == window:
            return line
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        pass
    return json.dumps(window, ensure_ascii=False)


def _in_words(window: Mapping[str, Any]) -> str:
    if "date" in window:
        return str(window["date"])
    hours = f"{window['from']} to {window['until']}".replace("T", " ")
    return f"{hours} {_named(window['weekdays'])}" if "weekdays" in window else hours


def _named(weekdays: list[int]) -> str:
    """`mon-fri` where they follow one another, else each of them."""
    first = weekdays[0]
    row = [
        *takewhile(lambda pair: pair[0] == pair[1], zip(weekdays, count(first), strict=False))
    ]
    if len(weekdays) > len(_DAYS[:2]) and len(row) == len(weekdays):
        return f"{_DAYS[first]}-{_DAYS[weekdays[-1]]}"
    return ", ".join(_DAYS[day] for day in weekdays)
