"""How a job is asked for: from a body, JSON or a form with files, to its row."""

from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import ValidationError
from pydantic import BaseModel, Field
from pydantic import ValidationError as Faults

from jobs import permissions, registry
from jobs.dispatch.enqueue import Wish as HowToRun
from jobs.dispatch.enqueue import enqueue
from jobs.dispatch.many import Lot
from jobs.dispatch.once import Made, OtherWish, hashed, once
from jobs.execution.edit import HIGHEST, LOWEST, refuse_wrong
from jobs.models import Job, Task, new_id
from jobs.params import Invalid

from .asking import wrong_params
from .auth import person
from .errors import PARAMETERS, conflict, invalid
from .kinds import Body, Key, Moment, Reason, Tags

_TEN_YEARS = 10 * 366 * 86_400


class Wish(Body):
    """What the job is to work on, where, when and how soon. `hold` lets it wait until it is
    started; `auto_start` is the same in other words. While a job with its `unique_key` waits
    or runs, that one is found. With an `idempotency_key` the same wish, sent again, finds
    its job."""

    params: dict[str, Any] = {}
    queue: Key | None = None
    priority: Annotated[int, Field(ge=LOWEST, le=HIGHEST)] | None = None
    not_before: Moment | None = None
    countdown: Annotated[float, Field(ge=0, le=_TEN_YEARS)] | None = None
    expires_at: Moment | None = None
    hold: bool = False
    auto_start: bool | None = None
    tags: Tags = []
    note: Reason = ""
    unique_key: Key | None = None
    idempotency_key: Key | None = None

    def placing(self) -> dict[str, Any]:
        """What `enqueue` takes beside the parameters."""
        same = ("priority", "not_before", "countdown", "expires_at", "tags", "note")
        is_held = self.hold or self.auto_start is False
        found = {name: getattr(self, name) for name in same}
        found |= {"unique_key": self.unique_key or None}
        return found | {"queue": self.queue or None, "hold": is_held}

    def contradictions(self) -> dict[str, list[str]]:
        found = {}
        if self.countdown is not None and self.not_before is not None:
            found["countdown"] = [_("Give this or “not_before”.")]
        if self.auto_start and self.hold:
            found["auto_start"] = [_("It cannot be held and start.")]
        return found


class TaskWish(Wish):
    """A wish that names its task."""

    task: Key


def read(model: type[BaseModel], data: Any, *, is_text: bool = False) -> Any:
    """`data` as a `model`, with `is_text` from a form that has no types; raises ninja's
    ValidationError, as for a body that it reads."""
    try:
        return model.model_validate(data, strict=False if is_text else None)
    except Faults as wrong:
        faults = wrong.errors(include_url=False, include_input=False)
        raise ValidationError(
            [{**fault, "loc": ("body", PARAMETERS[0], *fault["loc"])} for fault in faults]
        ) from None


def ask(request: HttpRequest, name: str, wish: Wish) -> tuple[Job, bool]:
    """The job that was wished for, and whether it is new; raises a Refusal."""
    permissions.task(person(request), "run", name)
    key = wish.idempotency_key
    whole = {"task": name, **_told(wish)} if key else {}
    return keyed(request, key, whole, lambda job_id: _enqueued(request, name, wish, job_id))


def lot_of(request: HttpRequest, name: str, wish: Wish) -> Lot:
    """For wishes that differ from this one in their parameters only; raises a Refusal."""
    permissions.task(person(request), "run", name)
    _refuse_what_cannot_run(name)
    _refuse_wrong(wish)
    user = person(request)
    return Lot(name, HowToRun(asker=user, **wish.placing()), user)


def keyed(
    request: HttpRequest, key: str | None, wish: Any, ask: Callable[[str], Job]
) -> tuple[Job, bool]:
    """The job that `ask` makes, or made when `key` was sent before, and whether it is new."""
    job_id = new_id()
    job, is_new = once_keyed(request, key, wish, lambda: ask(job_id))
    return job, is_new and job.pk == job_id


def once_keyed(
    request: HttpRequest, key: str | None, wish: Any, ask: Callable[[], Made]
) -> tuple[Made, bool]:
    """What `ask` makes, or made when `key` was sent before, and whether it was called."""
    if not key:
        return ask(), True
    try:
        return once(person(request), key, wish, ask)
    except OtherWish:
        told = _("You used this key for another wish.")
        raise conflict("key_reused", told, {"idempotency_key": [told]}) from None


def key_of(request: HttpRequest, given: str | None) -> str | None:
    """The key of the body, or else of the header."""
    header = request.headers.get("Idempotency-Key")
    return given or (read(_Header, {"idempotency_key": header}).idempotency_key)


class _Header(BaseModel):
    idempotency_key: Key | None


def _told(wish: Wish) -> dict[str, Any]:
    """All that was asked for, as JSON; of files what they hold."""
    said = wish.model_dump(mode="json", exclude={"params", "idempotency_key"})
    if wish.unique_key is None:
        del said["unique_key"]  # as before there were any
    return said | {"params": {name: hashed(value) for name, value in wish.params.items()}}


def _enqueued(request: HttpRequest, name: str, wish: Wish, job_id: str) -> Job:
    _refuse_what_cannot_run(name)
    _refuse_wrong(wish)
    user = person(request)
    how = {"by": user, "asker": user, "job_id": job_id, **wish.placing()}
    try:
        return enqueue(name, wish.params, **how)
    except Invalid as wrong:
        raise wrong_params(wrong) from None


def _refuse_what_cannot_run(name: str) -> None:
    """As the run form of its page does, which is not shown then."""
    if not Task.objects.get(pk=name).is_runnable:
        raise conflict("not_runnable", _("The task is disabled, missing or broken."))
    try:
        registry.get(name)
    except registry.UnknownTask:
        raise conflict("unknown_task", _("Nothing here knows this task.")) from None


def _refuse_wrong(wish: Wish) -> None:
    if found := wish.contradictions():
        raise invalid(found)
    given: dict[str, Any] = {"queue": wish.queue, "expires_at": wish.expires_at}
    refuse_wrong({name: value for name, value in given.items() if value})
