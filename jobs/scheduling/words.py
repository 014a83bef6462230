"""When a schedule comes, in words; and what of it surprises people."""

from collections.abc import Sequence
from itertools import groupby, pairwise

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_celery_beat.models import SOLAR_SCHEDULES

from .sun import Sun
from .times import Cron, Every, Numbers, Once, Times

MOST_TIMES = 6
"""So many times of the day are named one by one."""
_HOURS, _DAYS, _MONTHS, _WEEK = range(24), range(1, 32), range(1, 13), range(7)
_SHORTEST_MONTH = 28


def words(times: Times) -> str:
    """One sentence without a full stop; its clock is that of the schedule's zone."""
    if isinstance(times, Cron):
        parts = (_clock(times), _days(times), _months(times.months))
        return ", ".join(part for part in parts if part)
    if isinstance(times, Every):
        return _every(times.length.total_seconds())
    if isinstance(times, Sun):
        event = str(dict(SOLAR_SCHEDULES).get(times.event, times.event))
        place = {"event": event, "north": times.latitude, "east": times.longitude}
        return _("%(event)s at %(north).2f, %(east).2f") % place
    assert isinstance(times, Once)
    return _("Once")


def hints(times: Times) -> list[str]:
    """What of it many people take for something else."""
    return [hint for hint in _hints(times) if hint] if isinstance(times, Cron) else []


def _hints(line: Cron) -> tuple[str, ...]:
    by_day, by_weekday = len(line.days) < len(_DAYS), len(line.weekdays) < len(_WEEK)
    both = by_day and by_weekday
    return (
        _(
            "Both must be right, the day of the month and the day of the week. Unix’s cron "
            "takes either: for that make two schedules."
        )
        if both
        else "",
        _("Months that have no such day are left out.")
        if min(line.days) > _SHORTEST_MONTH
        else "",
        _uneven(line.minutes, 60, _("The minutes begin anew each hour: %(last)d, then 0.")),
        _uneven(line.hours, 24, _("The hours begin anew each day: %(last)d, then 0.")),
    )


def _uneven(numbers: Numbers, size: int, hint: str) -> str:
    """A step that does not go into the hour or the day is shorter at its end."""
    steps = {b - a for a, b in pairwise(numbers)}
    if numbers[0] or len(steps) != 1 or len(numbers) < 3:
        return ""
    (step,) = steps
    reaches_the_end = numbers[-1] + step >= size
    return hint % {"last": numbers[-1]} if reaches_the_end and size % step else ""


# --- The clock -------------------------------------------------------------------------------


def _clock(line: Cron) -> str:
    minutes, hours = line.minutes, line.hours
    first, last = (_time(hours[0], minutes[0]), _time(hours[-1], minutes[-1]))
    if step := _step(minutes, 60):
        if line.runs_every_hour:
            return _each_minutes(step)
        if _is_range(hours):
            span = {"every": _each_minutes(step), "first": first, "last": last}
            return _("%(every)s from %(first)s to %(last)s") % span
    if line.runs_every_hour:
        return _each_hour(minutes)
    if len(minutes) == 1 and len(hours) > 2:
        if each := _step(hours, len(_HOURS)):
            return _("Every %(n)d hours from %(first)s") % {"n": each, "first": first}
        if _is_range(hours):
            return _("Every hour from %(first)s to %(last)s") % {"first": first, "last": last}
    return _at(minutes, hours)


def _at(minutes: Numbers, hours: Numbers) -> str:
    if len(minutes) * len(hours) <= MOST_TIMES:
        times = [_time(hour, minute) for hour in hours for minute in minutes]
        return _("At %(times)s") % {"times": _and(times)}
    told = {"minutes": _numbers(minutes), "hours": _numbers(hours)}
    return _("At minutes %(minutes)s of hours %(hours)s") % told


def _each_minutes(step: int) -> str:
    return ngettext("Every minute", "Every %(n)d minutes", step) % {"n": step}


def _each_hours(step: int) -> str:
    return ngettext("Every hour", "Every %(n)d hours", step) % {"n": step}


def _each_hour(minutes: Numbers) -> str:
    if minutes == (0,):
        return _each_hours(1)
    words = ngettext(
        "Every hour at minute %(minutes)s", "Every hour at minutes %(minutes)s", len(minutes)
    )
    return words % {"minutes": _numbers(minutes)}


def _time(hour: int, minute: int) -> str:
    return f"{hour:02}:{minute:02}"


# --- The days --------------------------------------------------------------------------------


def _days(line: Cron) -> str:
    by_day, by_weekday = len(line.days) < len(_DAYS), len(line.weekdays) < len(_WEEK)
    if by_day and by_weekday:
        return f"{_of_month(line.days)}, {_only_on(line.weekdays)}"
    if by_day:
        return _of_month(line.days)
    if by_weekday:
        return _on(line.weekdays)
    return "" if line.runs_every_hour else _("every day")


def _of_month(days: Numbers) -> str:
    words = ngettext("on day %(days)s of the month", "on days %(days)s of the month", len(days))
    return words % {"days": _numbers(days)}


def _on(weekdays: Numbers) -> str:
    names, is_range = _weekdays(weekdays)
    if is_range:
        return _("from %(first)s to %(last)s") % {"first": names[0], "last": names[-1]}
    return _("every %(days)s") % {"days": _and(names)}


def _only_on(weekdays: Numbers) -> str:
    names, is_range = _weekdays(weekdays)
    if is_range:
        return _("only from %(first)s to %(last)s") % {"first": names[0], "last": names[-1]}
    return _("only when that is %(days)s") % {"days": _or(names)}


def _weekdays(weekdays: Numbers) -> tuple[list[str], bool]:
    """Monday first, as the week goes; and whether they are three or more in a row."""
    from_monday = sorted((number - 1) % 7 for number in weekdays)
    names = [str(WEEKDAYS[number]) for number in from_monday]
    return names, len(names) > 2 and _is_range(from_monday)


def _months(months: Numbers) -> str:
    if len(months) == len(_MONTHS):
        return ""
    names = [str(MONTHS[number]) for number in months]
    if len(names) > 2 and _is_range(months):
        return _("from %(first)s to %(last)s") % {"first": names[0], "last": names[-1]}
    return _("in %(months)s") % {"months": _and(names)}


# --- Intervals -------------------------------------------------------------------------------


def _every(seconds: float) -> str:
    if seconds % 86_400 == 0:
        n = int(seconds // 86_400)
        return ngettext("Every 24 hours", "Every %(n)d days", n) % {"n": n}
    if seconds % 3600 == 0:
        return _each_hours(int(seconds // 3600))
    if seconds % 60 == 0:
        return _each_minutes(int(seconds // 60))
    n = int(seconds) if seconds == int(seconds) else 2
    return ngettext("Every second", "Every %(n)s seconds", n) % {"n": f"{seconds:g}"}


# --- Numbers and names -----------------------------------------------------------------------


def _step(numbers: Sequence[int], size: int) -> int:
    """What goes evenly into the hour or the day; 0 for what does not, and for one only."""
    step = size // len(numbers)
    is_even = len(numbers) > 1 and list(numbers) == list(range(0, size, step))
    return step if is_even and size % step == 0 else 0


def _is_range(numbers: Sequence[int]) -> bool:
    return numbers[-1] - numbers[0] == len(numbers) - 1


def _numbers(numbers: Numbers) -> str:
    """1, 2, 3, 5 as "1–3 and 5"."""
    parts: list[str] = []
    # What grows with its place by the same is a run.
    for _start, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        found = [str(number) for _place, number in run]
        parts += [f"{found[0]}–{found[-1]}"] if len(found) > 2 else found
    return _and(parts)


def _and(names: list[str]) -> str:
    *some, last = names
    if not some:
        return last
    return _("%(some)s and %(last)s") % {"some": ", ".join(some), "last": last}


def _or(names: list[str]) -> str:
    *some, last = names
    if not some:
        return last
    return _("%(some)s or %(last)s") % {"some": ", ".join(some), "last": last}
