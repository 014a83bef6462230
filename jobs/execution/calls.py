"""Calls from code (`.delay()`, `apply_async`, canvas, `send_task`) as rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.conf import as_the_site_speaks
from jobs.dispatch.caller import caller_id, lineage
from jobs.dispatch.enqueue import Wish, draft, insert
from jobs.dispatch.entrance import enter
from jobs.dispatch.keys import columns_of
from jobs.dispatch.policy import policy_of, routed_queue
from jobs.dispatch.typed import closed
from jobs.dispatch.unique import NotUnique
from jobs.models import Job, is_id, new_id
from jobs.states import State, WaitingFor

from .attempt import RunningAttempt
from .context import running_attempt
from .finish import finish
from .options import kept_options, moment
from .outcome import Ending, RetryOrder

# What a job keeps whoever takes its place: where it came from.
LINEAGE = ("root_id", "parent_id")
OF_THE_PLACE = (*LINEAGE, "schedule_id")
# Options of a call whose job others wait for.
AWAITED = ("task_id", "link", "link_error", "chain", "chord", "group_id", *LINEAGE)


@dataclass
class Call:
    """What `send_task` was given."""

    app: Any
    task: str
    args: Any
    kwargs: Any
    options: dict[str, Any]
    schedule: PeriodicTask | None = None
    """By which it is made; else beat tells it in a header."""

    def ask(self) -> str:
        """Make of the call what it means: a retry of the running job, or a row. Returns
        the id."""
        self._take_defaults()
        job_id = self.options.get("task_id")
        if job_id is not None and not is_id(str(job_id)):
            raise ValueError(_("A task_id is a text of at most 255 printable characters."))
        attempt = running_attempt(job_id) if job_id else None
        if attempt is not None and not attempt.settled and attempt.replacement is None:
            self._order_retry(attempt)
        elif not (job_id and self._is_known(job_id)):
            job_id = self._insert(job_id or new_id())
        return str(job_id)

    def _take_defaults(self) -> None:
        """A call by name alone gets the options of the task, as in Celery."""
        task = self.app._tasks.get(self.task)
        if self.options.get("task_type") is not None or task is None:
            return
        own = {key: val for key, val in task._get_exec_options().items() if val is not None}
        self.options = {"ignore_result": task.ignore_result, **own, **self.options}

    def _order_retry(self, attempt: RunningAttempt) -> None:
        """The function itself called: `self.retry(…)`."""
        wish = attempt.retry_wish
        attempt.retry_order = RetryOrder(
            retries=self.options.get("retries") or 0,
            not_before=self._not_before(),
            arguments=None if attempt.was_given(self.args, self.kwargs) else self.arguments,
            queue=self._another_queue(),
            priority=wish.get("priority"),
            soft_time_limit=wish.get("soft_time_limit"),
            time_limit=wish.get("time_limit"),
            expires_at=moment(wish.get("expires")),
            max_retries=wish.get("max_retries"),
        )

    def _is_known(self, job_id: str) -> bool:
        """The same id is the same job. One that waits for what replaced it is filled:
        this is the last step of that."""
        known = Job.objects.filter(pk=job_id)
        place = known.filter(state=State.PENDING, waiting_for=WaitingFor.UPSTREAM)
        columns = {key: val for key, val in self.columns.items() if key not in OF_THE_PLACE}
        keys = columns_of(self.task, self.columns["params"], self._owner_id())
        with transaction.atomic():
            place.update(task=self.task, **columns, **keys)
            return bool(enter(place)) or known.exists()

    def drafted(self, **columns: Any) -> Job:
        """The row that it asks for, not stored yet; with these columns in place of its own."""
        self._take_defaults()
        own = {"owner_id": self._owner_id(), **self.columns, **columns}
        return draft(self.task, self._wish(queue=own.pop("queue")), **own)

    def _insert(self, job_id: str) -> str:
        """The id of its row, or of that of a job that is like it. Whoever waits for this
        very id, or for what follows, waits for a row of its own: it is skipped."""
        columns = {**self.columns, "id": job_id, "owner_id": self._owner_id()}
        queue = columns.pop("queue")
        is_awaited = any(self.options.get(name) for name in AWAITED)
        try:
            wish = self._wish(queue=queue, merges=not is_awaited)
            return insert(self.task, wish, **columns).pk
        except NotUnique as wrong:
            if not is_awaited:
                raise
            reason = wrong.reason
        with transaction.atomic(), as_the_site_speaks():
            insert(self.task, self._wish(queue=queue, hold=True, is_alone=True), **columns)
            finish(Job.objects.filter(pk=job_id), Ending(State.SKIPPED, reason))
        return job_id

    def _wish(self, **how: Any) -> Wish:
        return Wish(
            priority=self.options.get("priority"),
            not_before=self._not_before(),
            expires_at=moment(self.options.get("expires")),
            soft_time_limit=self.options.get("soft_time_limit"),
            time_limit=self.options.get("time_limit"),
            **how,
        )

    def _not_before(self) -> Any:
        return moment(self.options.get("eta") or self.options.get("countdown"))

    @cached_property
    def arguments(self) -> str:
        return closed(self.task, self.args, self.kwargs)

    @cached_property
    def columns(self) -> dict[str, Any]:
        told = {name: self.options[name] for name in LINEAGE if self.options.get(name)}
        return {
            **lineage(),
            **told,
            "arguments": self.arguments,
            "field_errors": self._judged(),
            "params": self._named(),
            "options": kept_options(self.options),
            "queue": self._queue(),
            "group_id": self.options.get("group_id") or "",
            "retries": self.options.get("retries") or 0,
            "ignore_result": bool(self.options.get("ignore_result")),
            "schedule_id": self._schedule_id(),
        }

    def _judged(self) -> dict[str, Any] | None:
        """No errors, where Celery has checked the call against the function; else None."""
        task = self.options.get("task_type")
        return {} if getattr(task, "typing", False) else None

    def _named(self) -> dict[str, Any]:
        try:
            return registry.get(self.task).parameters.bind(self.args, self.kwargs)
        except registry.UnknownTask:
            return {}

    def _another_queue(self) -> str | None:
        """The queue that `self.retry(queue=…)` names; Celery adds the task's own."""
        wanted = self.options.get("queue")
        if not wanted or wanted == getattr(self.app._tasks.get(self.task), "queue", None):
            return None
        return str(getattr(wanted, "name", wanted))

    def _queue(self) -> str:
        """The caller's word, then the operators', of the task or by a rule, then Celery's."""
        policy = policy_of(self.task)
        wanted = self.options.get("queue")
        coded = getattr(self.app._tasks.get(self.task), "queue", None)
        if wanted and not (wanted == coded and policy.queue):
            return str(getattr(wanted, "name", wanted))
        if policy.queue:
            return policy.queue
        destination = ("exchange", "routing_key")
        options = {key: self.options[key] for key in destination if self.options.get(key)}
        return routed_queue(self.task, options, self.args, self.kwargs)

    def _schedule_id(self) -> int | None:
        """Stock beat tells the name of its entry in a header."""
        if self.schedule is not None:
            return int(self.schedule.pk)
        name = (self.options.get("headers") or {}).get("periodic_task_name")
        if not name:
            return None
        row = PeriodicTask.objects.filter(name=name).only("pk").first()
        return None if row is None else int(row.pk)

    def _owner_id(self) -> Any:
        return caller_id() or self._named_owner_id()

    def _named_owner_id(self) -> Any:
        """The person in the task's `owner_param`, where nobody else is known."""
        try:
            name = registry.get(self.task).owner_param
        except registry.UnknownTask:
            return None
        value = self.columns["params"].get(name) if name else None
        if value is None:
            return None
        user = get_user_model()._default_manager
        try:
            return user.filter(pk=value).values_list("pk", flat=True).first()
        except (ValueError, ValidationError):
            return None  # not the shape of a key: nobody's
