"""What `manage.py schedules simulate` takes and prints."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.management import CommandError
from django.utils import timezone

from jobs.reading.moments import moment
from jobs.reading.spans import duration
from jobs.scheduling.simulate import Simulation, Span, Told

from .people import USAGE
from .words import table

LONGEST_DAYS = 366
MOST = 250_000
_HEADS = ("schedule", "queue", "fires", "runs", "skipped", "usually", "busiest minute", "")


def add_simulate(parser: ArgumentParser) -> None:
    parser.add_argument("--days", type=int, default=30, metavar="N", help="default: 30")
    parser.add_argument(
        "--from", dest="begin", default="", metavar="WHEN", help="2026-08-22T14:00 or a day"
    )
    parser.add_argument(
        "--name", default="", metavar="WORDS", help="only with this in the name"
    )
    parser.add_argument("--task", default="", metavar="WORDS", help="only of such tasks")
    parser.add_argument(
        "--down", nargs=2, metavar=("FROM", "UNTIL"), help="as if no beat ran between these"
    )
    parser.add_argument(
        "--most", type=int, default=MOST, metavar="N",
        help="moments that are replayed one by one; the others are counted",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="for machines")


def span_of(days: int, begin: str, down: list[str] | None) -> Span:
    """Raises CommandError for what is no such span."""
    if not 1 <= days <= LONGEST_DAYS:
        raise CommandError(f"--days takes 1 to {LONGEST_DAYS}.", returncode=USAGE)
    first = _moment(begin) if begin else timezone.now()
    pair = (_moment(down[0]), _moment(down[1])) if down else None
    return Span(first, first + timedelta(days=days), pair)


def _moment(text: str) -> datetime:
    try:
        return moment(text)
    except ValueError:
        raise CommandError(f"This is no moment: {text}", returncode=USAGE) from None


def shape(found: Simulation) -> dict[str, Any]:
    """For machines."""
    return {
        "from": found.span.begin.isoformat(),
        "until": found.span.end.isoformat(),
        "schedules": [_shape(told) for told in found.schedules],
        "queues": {name: vars(queue) for name, queue in found.queues.items()},
        "busiest": _minute(found.busiest),
    }


def _shape(told: Told) -> dict[str, Any]:
    return {
        "name": told.name,
        "task": told.plan.entry.task,
        "queue": told.queue,
        "fires": told.moments,
        "runs": len(told.runs) if told.is_replayed else None,
        "skipped": dict(told.skipped),
        "caught_up": told.caught_up,
        "ended": told.ended,
        "pauses": told.pauses,
        "usual_seconds": told.usual.total_seconds(),
        "busiest": _minute(told.busiest),
    }


def _minute(found: tuple[datetime, int] | None) -> dict[str, Any] | None:
    return found and {"at": found[0].isoformat(), "runs": found[1]}


def lines(found: Simulation) -> Iterator[str]:
    """For people."""
    yield f"{_clock(found.span.begin)} to {_clock(found.span.end)}"
    yield ""
    yield from table(_HEADS, [_cells(told) for told in found.schedules])
    yield ""
    heads = ("queue", "runs", "clashes", "at once")
    rows = [(n, str(q.runs), str(q.clashes), str(q.most)) for n, q in found.queues.items()]
    yield from table(heads, rows)
    if found.busiest:
        yield ""
        yield f"busiest minute: {_told(found.busiest)}"


def _cells(told: Told) -> tuple[str, ...]:
    if not told.is_replayed:
        counted = "too many: counted, not replayed (--most)"
        return (told.name, told.queue, str(told.moments), "-", "-", "-", "-", counted)
    return (
        told.name,
        told.queue,
        str(told.moments),
        str(len(told.runs)),
        str(told.skipped.total()),
        duration(told.usual) if told.usual else "not known",
        _told(told.busiest) if told.busiest else "-",
        "; ".join(_notes(told)),
    )


def _notes(told: Told) -> Iterator[str]:
    for reason, count in told.skipped.most_common():
        yield f"{count} × {reason}"
    if told.caught_up:
        yield f"{told.caught_up} caught up"
    if told.ended:
        yield f"{told.ended} ended by the next"
    if told.pauses:
        yield f"pauses: {told.pauses}"


def _told(found: tuple[datetime, int]) -> str:
    return f"{_clock(found[0])} × {found[1]}"


def _clock(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
