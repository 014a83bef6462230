"""When the relay may take jobs from workers that look dead: not while it may be wrong."""

import math
import time
from collections.abc import Callable

from jobs.conf import configuration


class Caution:
    """Before reaping we wait one whole lease, in which living workers renew theirs:

    * after we became leader,
    * after the database came back (`begin_anew` for both),
    * after a round of ours came later than half a lease: we were stopped, maybe they too,
    * after the database's clock and our own disagreed by that much: somebody slept, like a
      laptop with its lid closed, or a clock was set.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._reaps_from = math.inf
        self._looked_at = monotonic()
        self._clock_was: float | None = None

    def begin_anew(self) -> None:
        self._reaps_from = math.inf

    def allows(self, clock: float) -> bool:
        """Whether it is safe to reap; asked in each round. `clock`: the database's time."""
        now, lease = self._monotonic(), configuration().lease_seconds
        passed = now - self._looked_at
        jumped = 0.0 if self._clock_was is None else abs(clock - self._clock_was - passed)
        self._looked_at, self._clock_was = now, clock
        if max(passed, jumped) > lease / 2 or self._reaps_from == math.inf:
            self._reaps_from = now + lease
        return now >= self._reaps_from
