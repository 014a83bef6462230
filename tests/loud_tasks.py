"""Tasks of the tests that write wherever a task can write."""

import asyncio
import logging
import sys
import threading

from celery.utils.log import get_task_logger

from jobs import Secret, current_job, task

logger = logging.getLogger("site.loud")
task_logger = get_task_logger(__name__)


@task
def speak(name: str, password: Secret | None = None) -> None:
    """Say one thing in each way there is; `password` must be seen nowhere."""
    secret = password.reveal() if password else "nothing"
    print(f"{name} prints", secret)
    print(f"{name} complains", file=sys.stderr)
    logger.info("%s logs %s", name, secret)
    task_logger.warning("%s logs as a task", name)
    current_job().run_command(["sh", "-c", 'echo "$0 commands $1"', name, secret])
    thread = threading.Thread(target=print, args=(f"{name} prints in a thread",))
    thread.start()
    thread.join()
    print(f"{name} ends", end="")


@task
def speak_in_turns(name: str, times: int) -> None:
    """Say one's name often, slowly enough for others to speak in between."""
    for number in range(times):
        print(name, end=" ")
        print(number)
        current_job().sleep(0.01)


@task
async def speak_in_a_loop(name: str) -> None:
    """Say something in a coroutine and in a thread of its loop."""
    print(f"{name} prints in a loop")
    await asyncio.to_thread(print, f"{name} prints in a thread of a loop")


@task
def flood(lines: int) -> int:
    """Print more than anybody will read."""
    for number in range(lines):
        print("line", number)
    return lines


@task
def wait_for_a_command(argv: list[str]) -> None:
    """Run a command that does not end by itself."""
    current_job().run_command(argv, grace_seconds=0.2)
