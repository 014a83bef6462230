"""Tasks with a plan B."""

import os
import signal
import time

from celery.exceptions import Reject

from jobs import current_job, task


def plan_b(how: str, secret: str = "") -> list[str]:
    """A plain function."""
    if how == "both fail":
        raise LookupError("neither")
    current_job().log("plan b")
    return ["b", how, secret[::-1]]


async def plan_c(how: str) -> list[str]:
    return ["c", how]


@task(max_retries=5)
def plan_d(how: str) -> list[str]:
    """A task of its own, called as a function."""
    return ["d", how]


def _fail(how: str) -> None:
    if how == "reject":
        raise Reject("no")
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "overrun":
        time.sleep(600)
    if how != "well":
        raise ConnectionError(how)


def refuse(how: str, secret: str = "") -> None:
    if how == "refused":
        raise ValueError("no")


@task(
    autoretry_for=(ConnectionError,),
    default_retry_delay=0,
    max_retries=1,
    validate=refuse,
    secrets=["secret"],
    fallback=plan_b,
)
def plan_a(how: str, secret: str = "") -> list[str]:
    _fail(how)
    return ["a", how, secret[::-1]]


@task(time_limit=2, fallback=plan_b)
def hurried(how: str) -> None:
    _fail(how)


@task(fallback=plan_c)
def then_c(how: str) -> None:
    _fail(how)


@task(fallback=plan_d)
def then_d(how: str) -> None:
    _fail(how)


@task(fallback="tests.fallback_tasks.plan_d")
def then_d_by_name(how: str) -> None:
    _fail(how)


@task(fallback="tests.fallback_tasks.nobody")
def then_nobody(how: str) -> None:
    _fail(how)


@task(fallback=plan_b, on_lost="hold")
def careful(how: str) -> None:
    _fail(how)
