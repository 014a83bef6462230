"""Who fires the schedules, since when, and how well."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Now

from jobs.models import Leader

LATE_SECONDS = 10.0
"""A beat that comes so much too late is told of."""


@dataclass(frozen=True)
class Beat:
    """As its office stands in the database, by the database's clock."""

    holder: str = ""
    since: datetime | None = None
    looked_at: datetime | None = None
    """When it looked last for what is due; None where none ever did."""
    age_seconds: float = 0.0
    """How long ago that was."""
    lag_seconds: float = 0.0
    """How much too late it found what was due then."""
    leads: bool = False
    standing_by: int = 0
    """How many more beats would take over."""
    is_doubled: bool = False
    """Whether another scheduler fires the same schedules."""

    @property
    def is_silent(self) -> bool:
        """Whether nobody fires schedules."""
        return not self.leads

    @property
    def is_late(self) -> bool:
        return self.leads and self.lag_seconds > LATE_SECONDS

    @property
    def is_well(self) -> bool:
        return self.leads and not self.is_late and not self.is_doubled

    @property
    def host(self) -> str:
        """The machine, without the number of the process."""
        return self.holder.rpartition(":")[0] or self.holder


def beat() -> Beat:
    """One query."""
    ours = Q(office__in=(Leader.SCHEDULES, Leader.STRANGER))
    rows = Leader.objects.filter(ours | Q(office__startswith=Leader.STANDBY))
    found = {row.office: row for row in rows.annotate(asked_at=Now())}
    held = {office for office, row in found.items() if row.expires_at > row.asked_at}
    leader, is_doubled = found.get(Leader.SCHEDULES), Leader.STRANGER in held
    standing_by = sum(office.startswith(Leader.STANDBY) for office in held)
    if leader is None:
        return Beat(standing_by=standing_by, is_doubled=is_doubled)
    return Beat(
        holder=leader.holder,
        since=leader.taken_at,
        looked_at=leader.renewed_at,
        age_seconds=(leader.asked_at - leader.renewed_at).total_seconds(),
        lag_seconds=leader.lag_seconds,
        leads=Leader.SCHEDULES in held,
        standing_by=standing_by,
        is_doubled=is_doubled,
    )
