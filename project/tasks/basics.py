"""Two tasks to try everything with: one that sleeps, one that counts and says so."""

from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import Field

from jobs import current_job, task

Seconds = Annotated[float, Field(ge=0, le=86_400)]


@task(title="Sleep", tags=["basics"])
def task_sleep(seconds: Seconds) -> float:
    """Sleep for some seconds and return how many; can be paused and cancelled meanwhile.

    Args:
        seconds: How long to sleep.
    """
    current_job().sleep(seconds)
    return seconds


@task(title="Long running progress", tags=["basics"], owner_param="user_id")
def long_running_progress(
    steps: Annotated[int, Field(ge=1, le=100_000)] = 10,
    user_id: str | None = None,
    step_seconds: Seconds = 0.1,
) -> dict[str, int]:
    """Count to a number, report every step, and go on where a pause interrupted it.

    Args:
        steps: How far to count.
        user_id: Whom the job belongs to.
        step_seconds: How long one step takes.
    """
    job = current_job()
    done = (job.last_checkpoint or {"step": 0})["step"]
    for step in range(done + 1, steps + 1):
        job.sleep(step_seconds)
        words = _("Step %(step)d of %(steps)d") % {"step": step, "steps": steps}
        job.progress(step, steps, words)
        job.checkpoint({"step": step})
    return {"steps": steps, "continued_from": done}
