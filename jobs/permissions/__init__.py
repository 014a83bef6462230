"""Who may see and do what. The only way to a task, a job, a schedule or an artifact is
through here.

Unknown means denied. What a person may not see does not exist for them (404); what
they see but may not do is refused (403). The same querysets serve pages, API, admin,
sockets, files, counts and searches.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.models import (
    Artifact,
    Event,
    Grant,
    Job,
    JobQuerySet,
    Queue,
    QueueQuerySet,
    Task,
    Worker,
    WorkerQuerySet,
)

from .grounds import Ground as Ground
from .grounds import grounds as grounds
from .roles import ROLES, WIDE
from .roles import Person as Person
from .roles import Verb as Verb

T = TypeVar("T", bound=Model)
_MOST_NAMED = 1000
_Names: TypeAlias = list[str] | None
_told: ContextVar[dict[tuple[object, Verb], _Names] | None] = ContextVar("told", default=None)


@contextmanager
def asked_once() -> Iterator[None]:
    """Inside, which tasks a person may `view`, `run` or `manage` is asked of the database
    once each. For one answer that only reads: what changes meanwhile is not seen."""
    token = _told.set({})
    try:
        yield
    finally:
        _told.reset(token)


def tasks(user: Person, verb: Verb = "view") -> QuerySet[Task]:
    """The tasks that `user` may `view`, `run` or `manage`."""
    if not user.is_active:
        return Task.objects.none()
    if _sees_all(user, verb):
        return Task.objects.all()
    names = None if _told.get() is None else _names(user, verb)
    return _given(user, verb) if names is None else Task.objects.filter(pk__in=names)


def _given(user: Person, verb: Verb) -> QuerySet[Task]:
    """Those whose groups have `user` in them."""
    groups: Any = user.groups.values("pk")
    roles = ROLES[verb]
    given = Grant.tasks.through.objects.filter(grant__group__in=groups, grant__role__in=roles)
    allowed = Q(pk__in=given.values("task"))
    for role in roles:
        members = getattr(Task, role).through.objects.filter(group__in=groups)
        allowed |= Q(pk__in=members.values("task"))
    return Task.objects.filter(allowed)


def jobs(user: Person, verb: Verb = "view") -> JobQuerySet:
    """The jobs that `user` may `view` or `control`: their own, and by group."""
    if not user.is_active:
        return Job.objects.none()
    if _sees_all(user, verb):
        return Job.objects.all()
    names = _names(user, verb)
    allowed = Q(task__in=_given(user, verb).values("pk") if names is None else names)
    return Job.objects.filter(Q(owner=user.pk) | allowed)


@dataclass(frozen=True)
class Sight:
    """By what a person sees jobs: all there are, or their own and those of `tasks`."""

    is_all: bool = False
    tasks: frozenset[str] = frozenset()


def sight(user: Person) -> Sight:
    """The rule of `jobs(user)` itself, for those who hear of too many jobs to ask the
    database about each."""
    if user.is_active and _sees_all(user, "view"):
        return Sight(is_all=True)
    return Sight(tasks=frozenset(tasks(user).values_list("pk", flat=True)))


def schedules(user: Person, verb: Verb = "view") -> QuerySet[PeriodicTask]:
    """The schedules that `user` may `view` or `manage`: those of the tasks where they
    may. A schedule of a task that has no row is for those who manage all of them."""
    rows: QuerySet[PeriodicTask] = PeriodicTask.objects.all()
    if not user.is_active:
        return rows.none()
    if _sees_all(user, verb) or user.has_perm("jobs.manage_schedules"):
        return rows
    return rows.filter(task__in=tasks(user, verb).values("pk"))


def may_schedule(user: Person) -> bool:
    """Whether `user` may make schedules at all."""
    if not user.is_active:
        return False
    if user.has_perm("jobs.manage_schedules"):
        return True
    names = None if _told.get() is None else _names(user, "manage")
    return tasks(user, "manage").exists() if names is None else bool(names)


def eligible(user: Person) -> set[str]:
    """The tasks that `user` may put into a schedule: those they manage; who manages all
    schedules, those they may run. Only what is registered here, and nothing of Celery's."""
    if not user.is_active:
        return set()
    known = {definition.name for definition in registry.all()}
    if user.is_superuser:
        return known
    names = set(tasks(user, "manage").values_list("pk", flat=True))
    if user.has_perm("jobs.manage_schedules"):
        names |= set(tasks(user, "run").values_list("pk", flat=True))
    return names & known


def may_name_others(user: Person) -> bool:
    """Whether `user` may let schedules run as somebody else, or as the system."""
    return bool(user.is_active and user.has_perm("jobs.manage_schedules"))


def artifacts(user: Person) -> QuerySet[Artifact]:
    """The files of the jobs that `user` may view."""
    return Artifact.objects.filter(job__in=jobs(user).values("pk"))


def events(user: Person) -> QuerySet[Event]:
    """What was done to the jobs that `user` may view, and to the tasks that they manage and
    their schedules; to all else only superusers see it."""
    rows = Event.objects.all()
    if user.is_active and user.is_superuser:
        return rows
    managed = Q(job=None, task__in=tasks(user, "manage").values("pk"))
    return rows.filter(managed | Q(job__in=jobs(user).values("pk")))


def workers(user: Person) -> WorkerQuerySet:
    """All of them for who may control workers, none for the others."""
    return Worker.objects.all() if may_control_workers(user) else Worker.objects.none()


def events_of_worker(user: Person, name: str) -> QuerySet[Event]:
    """What was done to a worker and what became of it, for who may control workers."""
    rows = Event.objects.filter(job=None, task=None, schedule=None, subject=name)
    return rows if may_control_workers(user) else rows.none()


def may_control_workers(user: Person) -> bool:
    """Whether `user` sees workers at all, and may do verbs to them."""
    return bool(user.is_active and user.has_perm("jobs.control_workers"))


def queues(user: Person) -> QueueQuerySet:
    """All of them for who may control queues, none for the others."""
    return Queue.objects.named() if may_control_queues(user) else Queue.objects.none()


def may_control_queues(user: Person) -> bool:
    """Whether `user` sees queues at all, and may do verbs to them."""
    return bool(user.is_active and user.has_perm("jobs.control_queues"))


def queue(user: Person, name: str) -> Queue:
    """The queue, if `user` may control queues; else Http404."""
    return _one(queues(user), queues(user), name)


def task(user: Person, verb: Verb, name: str) -> Task:
    """The task, if `user` may; Http404 when unseen, PermissionDenied when only seen."""
    return _one(tasks(user, verb), tasks(user), name)


def job(user: Person, verb: Verb, job_id: str) -> Job:
    """The job, if `user` may; Http404 when unseen, PermissionDenied when only seen."""
    return _one(jobs(user, verb), jobs(user), job_id)


def schedule(user: Person, verb: Verb, schedule_id: object) -> PeriodicTask:
    """The schedule, if `user` may; Http404 when unseen, PermissionDenied when only seen."""
    allowed, seen = schedules(user, verb), schedules(user)
    try:
        return _one(allowed, seen, schedule_id)
    except ValueError:  # a column that nobody can read: it must still be shown and deleted
        return _one(allowed.only("name", "task"), seen, schedule_id)


def artifact(user: Person, artifact_id: object) -> Artifact:
    """The file, if `user` may view its job; else Http404."""
    return _one(artifacts(user), artifacts(user), artifact_id)


def may(user: Person, verb: Verb, row: Task | Job) -> bool:
    """Whether `user` may do `verb` to a row that is already at hand."""
    chosen = tasks(user, verb) if isinstance(row, Task) else jobs(user, verb)
    return chosen.filter(pk=row.pk).exists()


def may_read_traces(user: Person, job: Job | None) -> bool:
    """A traceback shows code and values: it is for the owner and who manages the task.
    None is a result of which no job is known."""
    if not user.is_active:
        return False
    if user.is_superuser or job is None:
        return bool(user.is_superuser)
    is_own = job.owner_id is not None and job.owner_id == user.pk
    return is_own or tasks(user, "manage").filter(pk=job.task_id).exists()


def _names(user: Person, verb: Verb) -> _Names:
    """Of the tasks that groups give; None when there are too many to name. A database that
    knows them takes the index of each, and "mine, or of a subquery" reads all jobs."""
    told = _told.get()
    if told is not None and (user.pk, verb) in told:
        return told[user.pk, verb]
    found = [*_given(user, verb).order_by().values_list("pk", flat=True)[: _MOST_NAMED + 1]]
    names = found if len(found) <= _MOST_NAMED else None
    if told is not None:
        told[user.pk, verb] = names
    return names


def _sees_all(user: Person, verb: Verb) -> bool:
    return bool(user.is_superuser or (verb in WIDE and user.has_perm(WIDE[verb])))


def _one(allowed: QuerySet[T], seen: QuerySet[T], key: object) -> T:
    row = allowed.filter(pk=key).first()
    if row is not None:
        return row
    if seen.filter(pk=key).exists():
        raise PermissionDenied
    raise Http404
