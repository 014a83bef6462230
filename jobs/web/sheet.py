"""All that the pages show of one job. Each part is fetched when a template asks for it."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils import timezone

from jobs import permissions, registry
from jobs.models import Attempt, Event, Job, JobError, Stack, Task
from jobs.reading import causes, limits, lines, runs
from jobs.reading.progress import Progress
from jobs.reading.steps import Step, steps
from jobs.reading.verbs import Verb, offered
from jobs.states import ACTIVE, FINAL, SUCCESSFUL, WAITING, State

from . import annotate, files, kin, story, trace, tree, tries, values, why
from .pace import Pace, pace
from .why import Why

_EVENTS = 50
_ERRORS = 100
_UNFOLDED = 6
_ATTEMPTS = 50
_STACK_PATIENCE = 4.0


class Sheet:
    def __init__(self, user: permissions.Person, job: Job, log: lines.Page | None = None):
        self.user = user
        self.job = job
        self._log = log

    @property
    def state(self) -> str:
        return self.job.state

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def is_done(self) -> bool:
        return self.state in SUCCESSFUL

    @property
    def is_failed(self) -> bool:
        return self.state == State.FAILED

    @property
    def is_stalled(self) -> bool:
        return self.job.stalled_at is not None

    @property
    def last_sign(self) -> datetime | None:
        """When its live attempt last told of progress or log, or else began."""
        told = filter(None, [self.job.reported_at, self.job.started_at])
        return max(told, default=None)

    @cached_property
    def task(self) -> Task | None:
        """Its task, if it is known and may be seen."""
        return permissions.tasks(self.user).filter(pk=self.job.task_id).first()

    @cached_property
    def may_run(self) -> bool:
        task = self.task
        return bool(task and task.is_runnable and permissions.may(self.user, "run", task))

    @cached_property
    def verbs(self) -> list[Verb]:
        return offered(self.user, self.job)

    @property
    def verb_names(self) -> set[str]:
        return {verb.name for verb in self.verbs}

    @property
    def main_verb(self) -> str:
        """The one that a person most likely came for."""
        if self.is_failed:
            return "retry"
        return {State.PAUSED.value: "resume", State.PENDING.value: "start"}.get(self.state, "")

    @property
    def asking(self) -> Event | None:
        """Who asked for what the job has not done yet, and why."""
        wanted = self.job.requested
        return next((event for event in self.events if event.verb == wanted), None)

    @property
    def has_menu(self) -> bool:
        """Whether there are verbs beside those in the row."""
        again = self.may_run and not self.is_failed
        return again or self.may_edit or bool(self.aside_verbs)

    @property
    def may_edit(self) -> bool:
        # What may be marked as failed waits, and is theirs to control.
        return self.is_waiting and bool(self.verbs)

    @property
    def aside_verbs(self) -> list[Verb]:
        return [verb for verb in self.verbs if verb.is_aside]

    @cached_property
    def may_read_traces(self) -> bool:
        return permissions.may_read_traces(self.user, self.job)

    @property
    def title(self) -> str:
        return self.task.title if self.task and self.task.title else self.job.task_id

    @cached_property
    def progress(self) -> Progress:
        return Progress.of(self.job)

    @cached_property
    def steps(self) -> list[Step]:
        return steps(self.job)

    @property
    def span(self) -> float | None:
        return runs.span(self.job)

    @property
    def retries(self) -> str:
        return tries.retries(self.job)

    @property
    def headline(self) -> str:
        return tries.headline(self.job)

    @property
    def fallback(self) -> str:
        """What takes the place of the function in the last attempt, if that has come."""
        if not self.job.falls_back:
            return ""
        try:
            return registry.get(self.job.task_id).fallback_name
        except registry.UnknownTask:
            return ""

    @property
    def limits(self) -> list[limits.Limit]:
        return limits.limits(self.job)

    @property
    def elapsed(self) -> float | None:
        """Seconds since the live attempt began."""
        began = self.job.started_at
        return (timezone.now() - began).total_seconds() if began else None

    @property
    def lasted(self) -> float | None:
        """Seconds that it ran, or runs."""
        return self.elapsed if self.is_active else self.span

    @property
    def waited(self) -> float | None:
        """Seconds in the queue before the first attempt."""
        began = self.job.started_at
        if self.job.attempt != 1 or began is None:
            return None
        return (began - (self.job.queued_at or self.job.created_at)).total_seconds()

    @property
    def pace(self) -> Pace | None:
        return pace(self.elapsed or 0, self.runs, self.job.time_limit)

    @cached_property
    def runs(self) -> runs.Runs:
        mine = permissions.jobs(self.user).filter(task=self.job.task_id)
        return runs.of(mine)

    @cached_property
    def params(self) -> dict[str, Any]:
        return registry.shown(self.job.task_id, self.job.params)

    @property
    def given(self) -> list[values.Value]:
        given = values.values(self.params, files.names_of_given(self.job))
        return values.judged(given, self.job.field_errors or {})

    @property
    def is_refused(self) -> bool:
        """Whether it failed because of what it was given, without an attempt."""
        return self.is_failed and bool(self.job.field_errors)

    @property
    def in_short(self) -> str:
        return values.in_short(self.params)

    @cached_property
    def log(self) -> lines.Page:
        return self._log or lines.page(self.job)

    @cached_property
    def result(self) -> tree.Tree | None:
        return None if self.job.result is None else tree.tree(self.job.result)

    @cached_property
    def alike(self) -> causes.Alike | None:
        """Where else the same error was, as far as the person may see it."""
        return causes.alike(permissions.jobs(self.user), self.job) if self.is_failed else None

    @property
    def tags(self) -> dict[str, str]:
        return annotate.shown(self.job.tags)

    @cached_property
    def may_control(self) -> bool:
        return permissions.may(self.user, "control", self.job)

    @property
    def kin(self) -> list[kin.Kin]:
        return kin.of(self.user, self.job)

    @cached_property
    def sees_schedule(self) -> bool:
        return permissions.schedules(self.user).filter(pk=self.job.schedule_id).exists()

    @cached_property
    def files(self) -> files.Files:
        return files.files(self.job)

    @cached_property
    def errors(self) -> list[JobError]:
        return list(self.job.errors.all()[:_ERRORS])

    @property
    def first_errors(self) -> list[JobError]:
        return self.errors[:_UNFOLDED]

    @property
    def more_errors(self) -> list[JobError]:
        """Those that stand folded below the first."""
        return self.errors[_UNFOLDED:]

    @cached_property
    def attempts(self) -> list[Attempt]:
        return list(self.job.attempts.order_by("-number")[:_ATTEMPTS])

    @cached_property
    def tries(self) -> list[tries.Try]:
        return tries.tries(self.job, self.attempts, lines.sections(self.job))

    @cached_property
    def events(self) -> list[Event]:
        return list(self.job.events.select_related("actor")[:_EVENTS])

    @cached_property
    def stack(self) -> Stack | None:
        """Where it was when somebody last asked; for those who may read its tracebacks."""
        return Stack.objects.filter(job=self.job).first() if self.may_read_traces else None

    @property
    def stack_blocks(self) -> list[trace.Block]:
        return trace.blocks(self.stack.text) if self.stack else []

    @property
    def broke_at(self) -> trace.Frame | None:
        """Where in people's own code it broke."""
        return trace.own_last(self.job.traceback) if self.may_read_traces else None

    @property
    def silent_seconds(self) -> float | None:
        """Since when its process owes the stack that somebody asked for."""
        asked = self.job.stack_asked_at
        return (timezone.now() - asked).total_seconds() if asked else None

    @property
    def is_silent(self) -> bool:
        """Whether the stack should have come long ago: each second a report goes out."""
        return (self.silent_seconds or 0) > _STACK_PATIENCE

    @property
    def story(self) -> list[story.Happening]:
        return story.story(self.job, self.attempts, self.events)

    @property
    def trace(self) -> list[trace.Block]:
        return trace.blocks(self.job.traceback) if self.may_read_traces else []

    @property
    def why(self) -> str:
        return why.headline(self.job)

    @cached_property
    def waits(self) -> Why:
        return Why(self.user, self.job, self.events, self.attempts)
