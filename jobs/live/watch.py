"""A subscription at work: joins the group, reads the row, fetches missing lines."""

import asyncio
import logging

from django.db import Error as DatabaseError

from jobs.permissions import Person

from . import reading
from .commands import Subscribe
from .company import Findings
from .groups import group_of_job
from .hearing import of_this_loop
from .log_order import LogPosition
from .outbox import Outbox
from .reading import Picture
from .subscription import JobSubscription
from .threads import in_thread

log = logging.getLogger(__name__)

FETCH_AGAIN_SECONDS = 0.25
"""Lines are told live up to a second before they are stored."""

FETCHES_IN_VAIN = 20
"""After so many fetches that found nothing the lines are taken as lost."""


class Watch:
    """One topic `job:<id>` of one socket, from subscribe to unsubscribe."""

    def __init__(self, topic: str, job_id: str, outbox: Outbox) -> None:
        self.topic = topic
        self.job_id = job_id
        self._outbox = outbox
        self._hearing = of_this_loop()
        self._group = group_of_job(job_id)
        self._subscription = JobSubscription(outbox)
        self._fetching: asyncio.Task[None] | None = None

    async def begin(self, person: Person, wish: Subscribe) -> bool:
        """Tell the client what it lacks and all that follows; False when it may not see
        the job. First join, then read: what happens in between is heard, and told once."""
        await self._hearing.join(self._group, self._subscription)
        picture = await in_thread(reading.picture, person, self.job_id)
        if picture is None:
            return False
        position = await self._log_position(picture, wish)
        self._catch_up(picture, wish)
        self._subscription.begin(position, picture.log_lines)
        self._fetching = asyncio.create_task(self._fetch())
        return True

    @property
    def has_begun(self) -> bool:
        """Whether the client has been told that it may watch."""
        return self._fetching is not None

    async def end(self) -> None:
        """Nothing more is told."""
        if self._fetching is not None:
            self._fetching.cancel()
        self._subscription.end()
        await self._hearing.leave(self._group, self._subscription)

    async def look_again(self, person: Person, findings: Findings) -> bool:
        """Messages can be lost, rows cannot: tell what the row knows beyond what was told.
        False when the job is not among what `person` may still see."""
        standing = findings.standings.get(self.job_id)
        if standing is None:
            return False
        self._subscription.log.note(standing.log_lines)
        if self._subscription.lacks(standing.seq, standing.step):
            picture = await in_thread(reading.picture, person, self.job_id)
            if picture is not None:
                self._subscription.tell_snapshot(picture.snapshot)
                self._tell_progress(picture)
        return True

    async def is_there(self) -> bool:
        """Whether the job exists at all, for a watcher who may not see it any more."""
        return await in_thread(reading.is_there, self.job_id)

    def _catch_up(self, picture: Picture, wish: Subscribe) -> None:
        if wish.after != picture.seq:
            self._subscription.tell_snapshot(picture.snapshot)
            return
        self._subscription.assume(picture.snapshot, (wish.attempt or 0, wish.n or 0))
        self._tell_progress(picture)

    def _tell_progress(self, picture: Picture) -> None:
        if picture.progress is not None:
            self._subscription.tell_progress(picture.progress)

    async def _log_position(self, picture: Picture, wish: Subscribe) -> LogPosition:
        """The last line that the client has, or does not want."""
        if wish.log_after is None:
            return LogPosition(picture.log_lines, picture.attempt)
        line, attempt = wish.log_after, wish.log_attempt
        if attempt is not None and attempt < picture.attempt:
            line = await in_thread(reading.last_good_line, self.job_id, line, attempt)
        return LogPosition(line, picture.attempt if attempt is None else attempt)

    async def _fetch(self) -> None:
        """Whenever lines are missing, read them, as fast as the client takes them."""
        in_vain = 0
        while True:
            await self._subscription.log.missing.wait()
            await self._outbox.comfort()
            in_vain = 0 if await self._fetch_some() else in_vain + 1
            if in_vain > FETCHES_IN_VAIN:
                self._subscription.log.give_up()
            elif in_vain:
                await asyncio.sleep(FETCH_AGAIN_SECONDS)

    async def _fetch_some(self) -> bool:
        """Whether there were stored lines that the client did not have."""
        line = self._subscription.log.line
        try:
            pieces = await in_thread(reading.lines_after, self.job_id, line)
        except DatabaseError as failure:
            log.warning("Log lines of job %s could not be read: %s", self.job_id, failure)
            return False
        for piece in pieces:
            await self._outbox.comfort()
            self._subscription.tell_stored_lines(piece)
        self._subscription.log.splice()
        return bool(pieces)
