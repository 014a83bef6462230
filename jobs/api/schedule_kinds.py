"""Schedules as the API takes and tells them."""

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, Field, Strict

from jobs.execution.edit import HIGHEST, LOWEST
from jobs.models import CatchUp, Overlap
from jobs.scheduling.judges import YEAR_SECONDS
from jobs.states import State

from .kinds import Body, Key, Moment, Reason, Text
from .shapes import Id, Time

MOST_KEY = 2_147_483_647
_Line: TypeAlias = Annotated[Text, Field(max_length=1_000)]
_Note: TypeAlias = Annotated[Text, Field(max_length=10_000)]
_Name: TypeAlias = Annotated[Text, Field(min_length=1, max_length=200)]
_Queue: TypeAlias = Annotated[Text, Field(max_length=200)]
_Span: TypeAlias = Annotated[int, Field(ge=0, le=YEAR_SECONDS)]


class Sun(Body):
    """When the sun does something at a place, in degrees."""

    event: Key
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class Wanted(Body):
    """When, in one of the four ways, and by which rules; `reason` is kept."""

    params: dict[str, Any] = {}
    args: list[Any] = []
    cron: _Line | None = None
    every_seconds: int | None = Field(None, ge=1)
    at: Moment | None = None
    solar: Sun | None = None
    timezone: Key = ""
    enabled: bool = True
    overlap: Annotated[Overlap, Strict(False)] = Overlap.ALLOW_ALL
    catch_up: Annotated[CatchUp, Strict(False)] = CatchUp.LATEST
    catch_up_window_seconds: _Span = 86_400
    grace_seconds: _Span = 60
    jitter_seconds: _Span = 0
    blackout: list[dict[str, Any]] = Field([], max_length=500)
    run_as: Key | None = None
    queue: _Queue = ""
    priority: int | None = Field(None, ge=LOWEST, le=HIGHEST)
    start_at: Moment | None = None
    end_at: Moment | None = None
    remaining: int | None = Field(None, ge=0, le=1_000_000_000)
    expires_seconds: int | None = Field(None, ge=1, le=YEAR_SECONDS)
    expires_with_next: bool = False
    pause_after_failures: int | None = Field(None, ge=1, le=1_000)
    note: _Note = ""
    reason: Reason = ""

    def values(self) -> dict[str, Any]:
        """What was given, null among it, in the words of `scheduling.edit`."""
        given = self.model_fields_set - {"reason", "seen", "idempotency_key"}
        found = {name: getattr(self, name) for name in given}
        if self.solar is not None:
            found["solar"] = self.solar.model_dump()
        return found


class NewSchedule(Wanted):
    """It runs as you, unless `run_as` says otherwise; null is the system. With an
    `idempotency_key` the same wish, sent again, finds its schedule."""

    name: _Name
    task: Key
    idempotency_key: Key | None = None


class ScheduleChange(Wanted):
    """Only what is given is changed. `seen` is the `fingerprint` of what you looked at."""

    name: _Name = ""
    task: Key = ""
    seen: Key = ""


class FireOut(BaseModel):
    """`job` is the id of its job."""

    job: Id
    state: State
    due_at: Time


class PausedOut(BaseModel):
    """`by` is null when it paused by itself."""

    at: Time
    by: str | None
    note: str


class SunOut(BaseModel):
    event: str
    latitude: float
    longitude: float


class ScheduleOut(BaseModel):
    """What is null cannot be read, or is not set; then `flaw` says why it never comes."""

    id: int
    name: str
    task: str
    params: Any
    args: Any
    cron: str | None
    every_seconds: float | None
    at: Time | None
    solar: SunOut | None
    timezone: str | None
    enabled: bool | None
    overlap: str | None
    catch_up: str | None
    catch_up_window_seconds: int | None
    grace_seconds: int | None
    jitter_seconds: int | None
    blackout: Any
    run_as: str | None
    queue: str | None
    priority: int | None
    start_at: Time | None
    end_at: Time | None
    remaining: int | None
    expires_seconds: int | None
    expires_with_next: bool | None
    pause_after_failures: int | None
    note: str | None
    next_fire_at: Time | None
    last_fire: FireOut | None
    lag_seconds: float | None
    paused: PausedOut | None
    flaw: str
    misfit: str
    key: str
    is_edited: bool
    fingerprint: str
    url: str | None


class Schedules(BaseModel):
    items: list[ScheduleOut]
    next: str | None
    count: int | None
