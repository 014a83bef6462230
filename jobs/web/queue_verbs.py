"""What a person does to a queue, or to all of them: plain forms."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from jobs import permissions
from jobs.execution import emptying, halt
from jobs.execution.order import MOST_REASON, Order
from jobs.execution.queues import known
from jobs.models import Queue
from jobs.params import Invalid

from .page import page, person, show

NEEDED = lazy("Say why; the reason is kept.")
MORE = lazy("There are more of them now: look at the number, and send it again.")


@dataclass(frozen=True)
class Deed:
    does: Callable[[str, Order], bool]
    did: Any
    in_vain: Any


DEEDS = {
    "pause": Deed(
        halt.pause,
        lazy("Nothing of “%(name)s” starts any more."),
        lazy("“%(name)s” was paused already."),
    ),
    "drain": Deed(
        halt.drain,
        lazy("“%(name)s” takes in nothing new."),
        lazy("“%(name)s” was draining already."),
    ),
    "resume": Deed(
        halt.resume,
        lazy("“%(name)s” is open."),
        lazy("“%(name)s” was open already."),
    ),
}


@page("POST")
@require_POST
def act(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    """Pause, drain or resume one queue."""
    row = permissions.queue(person(request), name)
    if verb not in DEEDS:
        raise Http404
    done = DEEDS[verb].does(row.name, _order(request))
    _tell(request, done, (DEEDS[verb].did if done else DEEDS[verb].in_vain) % {"name": name})
    return redirect(_back(request, row))


@page("POST")
@require_POST
def freeze(request: HttpRequest) -> HttpResponse:
    """Freeze all queues and schedules, or undo that."""
    if not permissions.may_control_queues(person(request)):
        raise Http404
    order = _order(request)
    try:
        if "undo" in request.POST:
            done, words = halt.unfreeze(order), _("Everything goes on as it was.")
        else:
            done, words = halt.freeze(order), _("Nothing starts, and no schedule fires.")
    except Invalid as why:
        done, words = False, " ".join(why.fields["reason"])
    _tell(request, done, words)
    return redirect("jobs:queues")


@page("POST")
def purge(request: HttpRequest, name: str) -> HttpResponse:
    """How many would be cancelled; POST does it."""
    row = permissions.queue(person(request), name)
    if request.method != "POST":
        return _asked(request, row, "purge")
    expect = request.POST.get("expect", "")
    try:
        wanted = int(expect) if expect.isdecimal() and len(expect) < 12 else 0
        done = emptying.purge(row.name, _order(request), expect=wanted)
    except (Invalid, emptying.MoreThanExpected) as why:
        words = NEEDED if isinstance(why, Invalid) else MORE
        return _asked(request, row, "purge", problem=words, status=422)
    return _emptied(request, row, done, _("%(n)d cancelled"))


@page("POST")
def move(request: HttpRequest, name: str) -> HttpResponse:
    """Where its jobs may go; POST moves them."""
    row = permissions.queue(person(request), name)
    if request.method != "POST":
        return _asked(request, row, "move")
    to = request.POST.get("to", "").replace("\x00", "")
    try:
        done = emptying.move(row.name, to, _order(request))
    except Invalid as why:
        problem = " ".join(why.fields["to"])
        return _asked(request, row, "move", problem=problem, status=422)
    return _emptied(request, row, done, _("%(n)d moved"))


def _asked(
    request: HttpRequest, row: Queue, verb: str, *, problem: Any = "", status: int = 200
) -> HttpResponse:
    chosen = emptying.ready(row.name) if verb == "purge" else emptying.movable(row.name)
    context = {
        "section": "queues",
        "row": row,
        "verb": verb,
        "count": chosen.count(),
        "others": sorted(known() - {row.name}),
        "reason": _order(request).reason,
        "problem": problem,
    }
    return show(request, "jobs/queues/emptying.html", context, status)


def _emptied(
    request: HttpRequest, row: Queue, done: emptying.Emptied, words: str
) -> HttpResponse:
    said = words % {"n": done.done}
    if done.left:
        left = ngettext(
            "%(n)d was left, it took too long: do it again",
            "%(n)d were left, it took too long: do it again",
            done.left,
        )
        said = f"{said}, {left % {'n': done.left}}"
    messages.success(request, said)
    return redirect("jobs:queue", row.name)


def _order(request: HttpRequest) -> Order:
    reason = request.POST.get("reason", "").replace("\x00", "").strip()[:MOST_REASON]
    return Order(person(request), reason)


def _tell(request: HttpRequest, done: bool, words: Any) -> None:
    (messages.success if done else messages.warning)(request, words)


def _back(request: HttpRequest, row: Queue) -> str:
    """Where the person was: the list, a job that waits, or else its page."""
    job = request.POST.get("job", "")
    if job and permissions.jobs(person(request)).filter(pk=job).exists():
        return reverse("jobs:job", args=[job])
    if request.POST.get("list"):
        return reverse("jobs:queues")
    return reverse("jobs:queue", args=[row.name])
