"""What a worker does when it is told so over the broker. Connected at start.

Celery's own commands, where they promise what a pool cannot do, leave a worker that takes
nothing, or forget what a signal would have done; so `celery control` is as safe as a page.
"""

import os
import signal
from contextlib import suppress
from typing import Any

from celery import signals
from celery.concurrency.base import BasePool
from celery.platforms import EX_OK
from celery.worker import control
from celery.worker import state as worker_state
from celery.worker.control import control_command, nok, ok

from jobs.execution.worker import tell_soon

COLD_SHUTDOWN = "batuta_cold_shutdown"


@signals.celeryd_init.connect
def let_pools_restart(conf: Any, **kwargs: Any) -> None:
    """Celery asks for this at the start of a pool only."""
    conf.worker_pool_restarts = True


@control_command(args=[("n", int)], signature="[N=1]")
def pool_grow(state: Any, n: int = 1, **kwargs: Any) -> Any:
    """Grow pool by n processes or greenlets."""
    if not hasattr(state.consumer.pool, "grow"):
        return nok(_cannot(state, "grow"))
    told = control.pool_grow(state, n)
    # Now, and not in the seconds after which the pool looks at itself.
    getattr(state.consumer.pool, "maintain_pool", int)()
    tell_soon()
    return told


@control_command(args=[("n", int)], signature="[N=1]")
def pool_shrink(state: Any, n: int = 1, **kwargs: Any) -> Any:
    """Shrink pool by n processes or greenlets; busy ones stay, and so does the last."""
    pool, consumer = state.consumer.pool, state.consumer
    if not hasattr(pool, "shrink"):
        return nok(_cannot(state, "shrink"))
    if consumer.controller.autoscaler:
        return control.pool_shrink(state, n)
    before = pool.num_processes
    if before - n < 1:
        return nok(f"it has {before}, and needs one to take anything")
    with suppress(ValueError):  # there are not as many idle ones
        pool.shrink(n)
    gone = before - pool.num_processes
    consumer._update_prefetch_count(-gone)
    tell_soon()
    return ok(f"pool shrinks by {gone}") if gone else nok("all of its processes are busy")


@control_command()
def pool_restart(
    state: Any, modules: Any = None, reload: bool = False, reloader: Any = None, **kwargs: Any
) -> Any:
    """New processes take the place of all, of busy ones when their task is done."""
    if type(state.consumer.pool).restart is BasePool.restart:
        return nok(_cannot(state, "restart"))
    return control.pool_restart(state, modules, reload, reloader)


def _cannot(state: Any, verb: str) -> str:
    pool = type(state.consumer.pool).__module__.rpartition(".")[2]
    return f"a pool of {pool} cannot {verb}"


@control_command(
    args=[("queue", str), ("exchange", str), ("exchange_type", str), ("routing_key", str)],
    signature="<queue> [exchange [type [routing_key]]]",
)
def add_consumer(
    state: Any,
    queue: str,
    exchange: str | None = None,
    exchange_type: str | None = None,
    routing_key: str | None = None,
    **options: Any,
) -> Any:
    """Take from one more queue, declared as whoever sends there declares it."""
    if not exchange and queue not in (queues := state.app.amqp.queues):
        queues[queue]  # makes it, of the site's type; KeyError where none may be made
    tell_soon()
    return control.add_consumer(state, queue, exchange, exchange_type, routing_key, **options)


@control_command(args=[("queue", str)], signature="<queue>")
def cancel_consumer(state: Any, queue: str, **kwargs: Any) -> Any:
    """Take no longer from a queue."""
    tell_soon()
    return control.cancel_consumer(state, queue)


@control_command(
    args=[("task_name", str), ("soft", float), ("hard", float)],
    signature="<task_name> <soft_secs> [hard_secs]",
)
def time_limit(
    state: Any, task_name: str, hard: float | None = None, soft: float | None = None, **kw: Any
) -> Any:
    """Limit a task whose jobs have no limit of their own, from its next one on."""
    told = control.time_limit(state, task_name, hard, soft)
    # Celery reads the limits of a task only when its consumer starts.
    state.consumer.update_strategies()
    return told


@control_command(
    args=[("task_name", str), ("rate_limit", str)],
    signature="<task_name> <rate_limit (e.g., 5/s | 5/m | 5/h)>",
)
def rate_limit(state: Any, task_name: str, rate_limit: str, **kwargs: Any) -> Any:
    """Limit how many of a task this worker begins; of what it holds back already, too."""
    consumer = state.consumer
    before = dict(consumer.task_buckets)
    told = control.rate_limit(state, task_name, rate_limit)
    for name, bucket in before.items():
        if bucket is not None and bucket is not consumer.task_buckets[name]:
            _rehold(consumer, bucket, consumer.task_buckets[name])
    return told


def _rehold(consumer: Any, old: Any, new: Any) -> None:
    """Celery makes new buckets, and leaves in the old ones what stands there, for an hour."""
    while old.contents:
        request, tokens = old.pop()
        if new is None:
            consumer._limit_move_to_pool(request)
        else:
            consumer._limit_task(request, new, tokens)


@control_command()
def shutdown(state: Any, msg: str = "Told to end over the broker", **kwargs: Any) -> Any:
    """End as after SIGTERM: Celery's own tells neither signals nor functions of it."""
    signals.worker_shutting_down.send(
        sender=state.hostname, sig="remote", how="Warm", exitcode=EX_OK
    )
    worker_state.should_stop = EX_OK
    return ok("it ends when what it runs is done")


@control_command(name=COLD_SHUTDOWN)
def cold_shutdown(state: Any, **kwargs: Any) -> Any:
    """End as after SIGQUIT: what runs is given back, or fails where it must not run twice."""
    # After this answer: the signal would strike before it is sent.
    state.consumer.call_soon(os.kill, os.getpid(), signal.SIGQUIT)
    return ok("it ends now")
