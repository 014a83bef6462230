"""`current_job()` where no job runs: the same surface, and no effect beyond a log line."""

import logging
import mimetypes
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from jobs.models import Artifact

from .command import CompletedCommand, run_command
from .context import CurrentJob, Item, running_attempt
from .log import Log

logger = logging.getLogger("jobs")


class NoJob(CurrentJob):
    """Stands in for the job when a function is called by hand, in a shell or a test."""

    id = ""
    attempt = 0
    task = ""
    owner_id = None
    due_at = None
    last_checkpoint = None

    def __init__(self) -> None:
        self.attention = False

    @cached_property
    def directory(self) -> Path:
        self._kept = tempfile.TemporaryDirectory(prefix="batuta-")
        return Path(self._kept.name)

    def progress(self, current: Any = None, total: Any = None, message: Any = None) -> None:
        pass

    def track(
        self,
        iterable: Iterable[Item],
        total: int | None = None,
        step: str | None = None,
        resume: bool = False,
    ) -> Iterator[Item]:
        yield from iterable

    def step(self, name: str) -> None:
        pass

    def log(self, text: str, level: str = "info") -> None:
        logger.log(logging.getLevelNamesMapping().get(level.upper(), logging.INFO), text)

    def error(self, item: Any, message: Any) -> None:
        logger.error("%s: %s", item, message)

    def checkpoint(self, value: Any) -> None:
        pass

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def attach(
        self,
        file: Path | str | bytes,
        name: str | None = None,
        content_type: str | None = None,
        thumbnail: bytes | None = None,
    ) -> Artifact:
        shown = name or ("artifact" if isinstance(file, bytes) else Path(file).name)
        size = len(file) if isinstance(file, bytes) else Path(file).stat().st_size
        guessed = content_type or mimetypes.guess_type(shown)[0] or "application/octet-stream"
        return Artifact(name=shown, size=size, content_type=guessed, thumbnail=thumbnail)

    def run_command(self, argv: Sequence[str], **options: Any) -> CompletedCommand:
        log = Log(first=1)
        done = run_command(argv, log=log, **options)
        for _at, level, text in log.take()[1]:
            self.log(text, level)
        return done


def current_job() -> CurrentJob:
    """The job that this code runs in; outside of any, a stand-in that does nothing."""
    attempt = running_attempt()
    return NoJob() if attempt is None else attempt.current_job
