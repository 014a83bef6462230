"""A job in one line of a terminal."""

from collections.abc import Iterable, Sequence

from django.utils import timezone

from jobs.models import Job
from jobs.states import State

_WIDTH = 24
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def line(job: Job) -> str:
    """Its id, its state, how far it is, and why."""
    return "  ".join(part for part in (job.pk, standing(job), *_way(job), _why(job)) if part)


def bar(job: Job) -> str:
    """The same with a bar, for a line that is painted again and again."""
    percent = (job.progress or {}).get("percent")
    drawn = f"▕{_filled(percent)}▏" if percent is not None else ""
    parts = (job.pk, f"{standing(job):<10}", drawn, *_way(job), _why(job))
    return "  ".join(part for part in parts if part)


def standing(job: Job) -> str:
    """Its state in a word, and what was asked of it and is not done yet."""
    if job.requested:
        return f"{job.state}, {job.requested} requested"
    return f"{job.state}, waits for {job.waiting_for}" if job.waiting_for else job.state


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows under their heads, in columns as wide as what stands in them."""
    all_rows = [heads, *rows]
    wide = [max(len(row[n]) for row in all_rows) for n in range(len(heads))]
    return [
        "  ".join(f"{cell:<{wide[n]}}" for n, cell in enumerate(row)).rstrip()
        for row in all_rows
    ]


def share(job: Job) -> str:
    """How far it is, in the fewest words."""
    percent = (job.progress or {}).get("percent")
    return "" if percent is None else f"{percent:.0f} %"


def _way(job: Job) -> Iterable[str]:
    progress = job.progress or {}
    current, total = progress.get("current"), progress.get("total")
    yield share(job)
    if current is not None:
        yield f"{current:g}/{total:g}" if total is not None else f"{current:g}"
    yield progress.get("step") or ""
    yield progress.get("message") or ""
    if job.is_active:
        yield f"{progress['rate']:g}/s" if progress.get("rate") else ""
        yield _left(progress.get("eta_seconds"))


def _why(job: Job) -> str:
    """Of what went wrong the words that say it; the whole is for `job show`."""
    if job.state == State.FAILED and job.error:
        return f"{job.error_type}: {job.error.splitlines()[0]}"
    return job.reason.partition("\n")[0]


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return (
        f"{minutes // 60}:{minutes % 60:02}:{rest:02} left"
        if minutes >= 60
        else (f"{minutes}:{rest:02} left")
    )


def _filled(percent: float) -> str:
    whole, rest = divmod(round(max(0, min(percent, 100)) / 100 * _WIDTH * 8), 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(_WIDTH)


HEADS = ("id", "state", "task", "owner", "asked for", "")


def cells(job: Job) -> tuple[str, ...]:
    """The job as a row under `HEADS`."""
    owner = job.owner.get_username() if job.owner else "–"
    asked = timezone.localtime(job.created_at)
    return job.pk, standing(job), job.task_id, owner, f"{asked:%Y-%m-%d %H:%M:%S}", share(job)
