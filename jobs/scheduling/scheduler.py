"""The beat scheduler: django-celery-beat's, with the relay beside it."""

import logging
from typing import Any

from celery import current_app
from django_celery_beat.schedulers import DatabaseScheduler as StockScheduler

from jobs.params import Invalid, Unreadable

from .fire import fire, is_judged
from .relay import Relay

logger = logging.getLogger(__name__)


class DatabaseScheduler(StockScheduler):
    # A crash after a dispatch would repeat all that was not synced yet.
    sync_every_tasks = 1

    def __init__(self, *args: Any, lazy: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, lazy=lazy, **kwargs)
        self.relay: Relay | None = None
        if not lazy:
            self.relay = Relay()
            self.relay.start()

    def schedule_changed(self) -> bool:
        """The very first change counts too: stock beat would see the first schedule of a
        fresh site only with its next full reading, minutes later."""
        knew_of_none = self._last_timestamp is None
        changed: bool = super().schedule_changed()
        return changed or (knew_of_none and self._last_timestamp is not None)

    def apply_async(
        self, entry: Any, producer: Any = None, advance: bool = True, **kwargs: Any
    ) -> Any:
        """Our tasks get typed values, judged anew; plain Celery tasks what is written.
        What a task no longer takes is sent as it is, so that a failed job tells of it."""
        if is_judged(entry.task):
            try:
                return self._fired(entry, advance)
            except (Invalid, Unreadable) as problem:
                logger.warning("%s no longer fits its task: %s", entry.name, problem)
                advance = False
        return super().apply_async(entry, producer=producer, advance=advance, **kwargs)

    def _fired(self, entry: Any, advance: bool) -> Any:
        if advance:
            self.reserve(entry)
        job = fire(entry.model)
        self._tasks_since_sync += 1
        if self.should_sync():
            self._do_sync()
        return current_app.AsyncResult(job.pk)

    def close(self) -> None:
        if self.relay is not None:
            self.relay.stop()
        super().close()
