"""Jobs chosen by the filters that the page and the API have."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from jobs import permissions
from jobs.models import Job
from jobs.params import span
from jobs.reading import listing
from jobs.reading.filters import STALLED, Filters
from jobs.reading.grammar import Term
from jobs.states import State, WaitingFor

MOST = 1_000


def add_filters(listed: ArgumentParser) -> None:
    listed.add_argument("words", nargs="*", metavar="WORDS", help="what the page searches for")
    listed.add_argument("--state", action="append", choices=State.values, metavar="STATE")
    listed.add_argument(
        "--waiting-for", action="append", choices=WaitingFor.values, metavar="REASON"
    )
    listed.add_argument("--task", default="", metavar="NAME")
    listed.add_argument("--owner", default="", metavar="USER", help="a user, or me")
    listed.add_argument("--queue", default="")
    listed.add_argument("--tag", default="")
    for edge in ("since", "until"):
        listed.add_argument(
            f"--{edge}", type=_moment, metavar="WHEN", help="2h, 3d (ago), 2026-08-22T14:00"
        )
    listed.add_argument("--stalled", action="store_true", help="those that say nothing")
    listed.add_argument("--limit", type=_count, default=20, metavar="N", help=f"up to {MOST}")


def newest(user: permissions.Person, **said: Any) -> list[Job]:
    """The newest jobs that `user` may see and that match; raises CommandError."""
    named = [Term("state", state) for state in said["state"] or ()]
    named += [Term("waiting", reason) for reason in said["waiting_for"] or ()]
    for key in ("task", "owner", "queue", "tag"):
        named += [Term(key, said[key])] if said[key] else []
    for key in ("since", "until"):
        named += [Term(key, said[key].isoformat())] if said[key] else []
    named += [STALLED] if said["stalled"] else []
    filters = Filters.read(" ".join(said["words"]), named)
    if filters.mistakes:
        raise CommandError(" ".join(mistake.words for mistake in filters.mistakes))
    return listing.page(filters.chosen(user), size=said["limit"]).jobs


def _moment(text: str) -> datetime:
    if (ago := span(text)) is not None:
        return timezone.now() - ago
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise ArgumentTypeError(f"{text!r} is neither a span such as 2h nor a moment")
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise ArgumentTypeError(f"a number from 1 to {MOST}")
    return int(text)
