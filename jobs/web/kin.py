"""The jobs beside one: what it was run again of and as, who asked for it, for whom it asked."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from jobs import permissions
from jobs.models import Job, JobQuerySet

_SHOWN = 5


@dataclass(frozen=True)
class Kin:
    """What they are to the job, and those of them that the person may see."""

    label: str
    jobs: list[Job]
    has_more: bool = False


def of(user: permissions.Person, job: Job) -> list[Kin]:
    """Only those that exist as rows."""
    seen = permissions.jobs(user).exclude(pk=job.pk).only("id", "task", "state")
    one = {row.pk: row for row in seen.filter(pk__in=_named(job))}
    found = [
        Kin(_("Again of"), _only(one, job.retry_of_id)),
        _several(_("Run again as"), seen.filter(retry_of=job.pk)),
        Kin(_("By the job"), _only(one, job.parent_id)),
        Kin(_("Began with"), _only(one, job.root_id) if job.root_id != job.parent_id else []),
        _several(_("It asked for"), seen.filter(parent_id=job.pk)),
    ]
    if job.group_id:
        found.append(_several(_("Of its group"), seen.filter(group_id=job.group_id)))
    return [kin for kin in found if kin.jobs]


def _named(job: Job) -> list[str]:
    return [key for key in (job.retry_of_id, job.parent_id, job.root_id) if key]


def _only(rows: dict[Any, Job], key: str | None) -> list[Job]:
    return [rows[key]] if key in rows else []


def _several(label: str, rows: JobQuerySet) -> Kin:
    found = list(rows.order_by("-created_at", "-id")[: _SHOWN + 1])
    return Kin(label, found[:_SHOWN], len(found) > _SHOWN)
