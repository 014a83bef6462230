"""What a worker answers when it is asked of itself. It changes nothing, and is kept nowhere."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as lazy

from jobs import permissions, sanitize
from jobs.models import Job, Worker

from .asking import Answer, ask
from .masked import configuration, masked

_TOLD = {"id": "id", "name": "task", "type": "task", "time_start": "started_at",
         "worker_pid": "pid"}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    name: str
    command: str
    label: Any
    shown: Callable[[permissions.Person, Any], Any]
    is_for_superusers: bool = False


def _as_it_is(user: permissions.Person, found: Any) -> Any:
    return sanitize.json(found)


def _requests(user: permissions.Person, found: Any) -> dict[str, Any]:
    """Without arguments, which may be secret; of jobs only those that `user` may see."""
    rows = [_request(each) for each in found or ()]
    ids = [row["id"] for row in rows]
    seen = {*permissions.jobs(user).filter(pk__in=ids).values_list("pk", flat=True)}
    unseen = {*Job.objects.filter(pk__in=ids).values_list("pk", flat=True)} - seen
    shown = [row for row in rows if row["id"] not in unseen]
    return {"items": shown, "hidden": len(rows) - len(shown)}


def _request(told: Mapping[str, Any]) -> dict[str, Any]:
    about = {"eta": told.get("eta"), **told["request"]} if "request" in told else dict(told)
    row = {ours: about.get(theirs) for theirs, ours in _TOLD.items() if about.get(theirs)}
    if about.get("eta"):
        row["eta"] = about["eta"]
    shown: dict[str, Any] = sanitize.json(row)
    return {"id": None, "task": None, **shown}


def _queues(user: permissions.Person, found: Iterable[Mapping[str, Any]]) -> list[Any]:
    return [
        {"name": each.get("name"), "routing_key": each.get("routing_key")} for each in found
    ]


def _configuration(user: permissions.Person, found: Any) -> dict[str, Any]:
    return configuration(found)


def _without_secrets(user: permissions.Person, found: Any) -> Any:
    return masked(found)


READINGS: Mapping[str, Reading] = {
    reading.name: reading
    for reading in (
        Reading("ping", "ping", lazy("Whether it answers"), _as_it_is),
        Reading("registered", "registered", lazy("Tasks that it knows"), _as_it_is),
        Reading("active", "active", lazy("What it runs"), _requests),
        Reading("reserved", "reserved", lazy("What it holds and has not begun"), _requests),
        Reading("scheduled", "scheduled", lazy("What it holds until its time"), _requests),
        Reading("queues", "active_queues", lazy("Queues that it takes from"), _queues),
        Reading("stats", "stats", lazy("Figures"), _without_secrets),
        Reading("conf", "conf", lazy("Configuration"), _configuration, True),
    )
}


def read(user: permissions.Person, worker: Worker, reading: Reading) -> Answer:
    """Ask it, and give back what `user` may see of the answer. Raises PermissionDenied for
    what only superusers may read."""
    if reading.is_for_superusers and not user.is_superuser:
        raise PermissionDenied
    answer = ask(worker.name, reading.command)
    if not answer.is_done:
        return answer
    return replace(answer, said=reading.shown(user, answer.said))
