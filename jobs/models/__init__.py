"""The rows. They change only through their own methods."""

from .artifact import Artifact, KeptFile, content_type_of, file_storage
from .asked import AskedOnce
from .backfill import Backfill, First, Which
from .grant import Grant, Role
from .history import Attempt, Event, JobError, LogChunk, Stack
from .ids import is_id, new_id
from .job import Job, OnLost
from .leader import Leader
from .line import MOST_AT_ONCE, Gate, Line, Pace
from .one import OneJob
from .queryset import JobQuerySet, from_now, lease_end
from .queue import Flow, Queue, QueueQuerySet, is_paused, keeps_out
from .route import Route
from .saved import SavedFilter
from .schedule import CatchUp, Overlap, Schedule, ScheduleQuerySet
from .task import Task
from .ticket import SocketTicket
from .token import ApiToken, Scope
from .unique import UniqueKey
from .worker import Code, Worker, WorkerQuerySet

__all__ = [
    "MOST_AT_ONCE", "ApiToken", "Artifact", "AskedOnce", "Attempt", "Backfill", "CatchUp",
    "Code", "Event", "First", "Flow", "Gate", "Grant", "Job", "JobError", "JobQuerySet",
    "KeptFile", "Leader", "Line", "LogChunk", "OnLost", "OneJob", "Overlap", "Pace",
    "Queue", "QueueQuerySet", "Role", "Route", "SavedFilter", "Schedule", "ScheduleQuerySet",
    "Scope", "SocketTicket", "Stack", "Task", "UniqueKey", "Which", "Worker",
    "WorkerQuerySet", "content_type_of", "file_storage", "from_now", "is_id", "is_paused",
    "keeps_out", "lease_end", "new_id",
]  # fmt: skip
