"""Jobs that are alike: one of them stands for all, and who asks for another one gets it, or
changes it, or is refused.

The row of `UniqueKey` decides, never a look at the jobs alone: who comes second waits in its
INSERT until the first has committed, and then finds that job.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from jobs import permissions, registry, sanitize
from jobs.models import Event, Job, JobQuerySet, UniqueKey
from jobs.params import Invalid
from jobs.registry import Unique
from jobs.registry.keys import told
from jobs.states import LIVE, SUCCESSFUL, WAITING, State, WaitingFor

from .changes import FACTS, move_and_tell, tell_on_commit
from .entrance import IN_LINE, enter
from .given import values_of

_SALT = "jobs.dispatch.unique"
_KEEPS_AWAY: dict[str, Q] = {
    # A job that failed and is to be tried again has started.
    "waiting": Q(state__in=WAITING, attempt=0),
    "live": Q(state__in=LIVE),
    "successful": Q(state__in=LIVE | SUCCESSFUL),
    "any": Q(),
}
# What of the one that is asked for takes the place of what the other one had.
_REPLACED = ("params", "arguments", "field_errors")
# By these it shares limits with others.
_KEYS = ("concurrency_key", "rate_key", "fair_key", "line")


class NotUnique(Invalid):
    """There is a job like it already; `job_id` is empty when it is not for the asker to
    know."""

    def __init__(self, job_id: str = "") -> None:
        told = _("There is a job like it already.")
        if job_id:
            told = _("There is a job like it already: %(id)s.") % {"id": job_id}
        super().__init__({"": [told]})
        self.job_id = job_id

    @property
    def reason(self) -> str:
        """Why a job that has its row all the same is skipped."""
        return self.fields[""][0]


def rule_of(task: str, unique_key: str | None, *, again: bool) -> Unique | None:
    """By what its jobs are told apart. One that is run `again` by a person only waits for
    no like that still lives."""
    try:
        rule = registry.get(task).unique
    except registry.UnknownTask:
        rule = None
    if unique_key and rule is None:
        rule = Unique()
    if rule is None or not again:
        return rule
    states = rule.states if rule.states in ("waiting", "live") else "live"
    return replace(rule, states=states, on_conflict="refuse", delay=None)


def delayed(rule: Unique | None, not_before: datetime | None) -> datetime | None:
    """When a job starts at the earliest, given time for a later one to take its place."""
    if rule is None or rule.delay is None:
        return not_before
    first = timezone.now() + timedelta(seconds=rule.delay)
    return max(first, not_before) if not_before else first


def like(job: Job, rule: Unique, unique_key: str | None, asker: Any = None) -> Job | None:
    """The job that stands for `job`, with what the rule does to it done; None when from now
    on `job` does, which is to be inserted in this transaction.

    An `asker` is a person at a door, who gets and changes only what is theirs to see and
    to control. Raises NotUnique, and params.Invalid when the key cannot be told.
    """
    key = _digest(job, rule, unique_key)
    first = UniqueKey.objects.take(key, job.pk)
    found = _held(first, rule) if first != job.pk else None
    if found is None:
        if first != job.pk:
            UniqueKey.objects.give(key, job.pk)
        return None
    if rule.on_conflict == "refuse" or not _is_theirs(asker, found, rule):
        raise NotUnique(found.pk if _is_theirs(asker, found) else "")
    if rule.on_conflict == "replace":
        _replace(found, job, rule, getattr(asker, "pk", None) or job.owner_id)
    return found


def skip_alike(fires: Iterable[Job]) -> None:
    """Of fires that are to be inserted, those that are like another job, or like one before
    them, are over as soon as they are there."""
    born: set[str] = set()
    for job in fires:
        rule = rule_of(job.task_id, None, again=False)
        if rule is None or job.is_final:
            continue
        key = _digest(job, rule, None)
        first = UniqueKey.objects.take(key, job.pk)
        if first in born or (first != job.pk and _held(first, rule)):
            job.state, job.waiting_for, job.finished_at = State.SKIPPED, "", job.created_at
            job.not_before, job.reason = None, NotUnique(first).reason
            continue
        if first != job.pk:
            UniqueKey.objects.give(key, job.pk)
        born.add(job.pk)


def _held(job_id: str, rule: Unique) -> Job | None:
    """The job, as long as it keeps others away; it stays so until this transaction ends
    where it is to be changed."""
    chosen = Job.objects.filter(_KEEPS_AWAY[rule.states], pk=job_id)
    if rule.period is not None:
        chosen = chosen.filter(created_at__gt=Now() - timedelta(seconds=rule.period))
    if rule.on_conflict == "replace":
        chosen = chosen.select_for_update(of=("self",))
    return chosen.first()


def _is_theirs(asker: Any, job: Job, rule: Unique | None = None) -> bool:
    if asker is None:
        return True
    changes = rule is not None and rule.on_conflict == "replace"
    return permissions.may(asker, "control" if changes else "view", job)


def _replace(found: Job, job: Job, rule: Unique, actor: Any) -> None:
    """Its parameters and its time become those of the one that was asked for."""
    columns = {name: getattr(job, name) for name in (*_REPLACED, *_KEYS)}
    is_elsewhere = any(getattr(found, name) != columns[name] for name in _KEYS[:3])
    if not is_elsewhere:
        del columns["line"]
    if rule.delay is None or found.state == State.PENDING:
        columns["not_before"] = _time_of(found, job, rule)
    _note(found, job, actor)
    mine = Job.objects.filter(pk=found.pk)
    for changed in mine.update_returning(FACTS, **columns, version=F("version") + 1):
        tell_on_commit(changed)
    if is_elsewhere:
        let_in = Q(state=State.QUEUED) | Q(state=State.PENDING, waiting_for__in=IN_LINE)
        enter(mine.filter(let_in))
    _wait(mine, columns.get("not_before", found.not_before))
    found.refresh_from_db()


def _note(found: Job, job: Job, actor: Any) -> None:
    """Keep who changed its parameters; that it is put off says nothing of its own."""
    before, after = (registry.shown(job.task_id, each.params) for each in (found, job))
    if before != after:
        Event.objects.create(
            job_id=found.pk, task_id=job.task_id, actor_id=actor, verb="replace",
            before={"params": before}, after={"params": after},
        )  # fmt: skip


def _time_of(found: Job, job: Job, rule: Unique) -> datetime | None:
    """Put off for the newest one, but not for ever."""
    if rule.longest is None or job.not_before is None:
        return job.not_before
    return min(job.not_before, found.created_at + timedelta(seconds=rule.longest))


def _wait(mine: JobQuerySet, moment: datetime | None) -> None:
    """Hold back what was on its way, or let go what waited for its time."""
    if moment is not None and moment > timezone.now():
        sent = Q(state=State.QUEUED) | Q(state=State.PENDING, waiting_for=WaitingFor.BROKER)
        move_and_tell(mine.filter(sent), State.PENDING, waiting_for=WaitingFor.TIME)
    else:
        enter(mine.filter(state=State.PENDING, waiting_for=WaitingFor.TIME))


def _digest(job: Job, rule: Unique, unique_key: str | None) -> str:
    """With a key of ours: what jobs are told apart by may be secrets that are easy to
    guess."""
    alike = ["key", unique_key] if unique_key else ["by", _by(job, rule)]
    text = json.dumps([job.task_id, *alike], sort_keys=True, default=str)
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()


def _by(job: Job, rule: Unique) -> Any:
    values = values_of(job)
    if rule.by is None:
        return values
    if isinstance(rule.by, tuple):
        return {name: values.get(name) for name in rule.by}
    try:
        return told(rule.by, values)
    except Exception as error:  # somebody's function
        words = _("What makes it unique cannot be told: %(error)s: %(why)s")
        why = {"error": type(error).__name__, "why": sanitize.text(str(error), 200)}
        raise Invalid({"": [words % why]}) from error
