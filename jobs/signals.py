"""The facts that listeners may hear. Nobody calls a listener; it connects here.

`job_changed` is sent after the commit that changed a job; `job_reported` carries what
a running job says of itself (progress, log lines) and may be lost. The others are sent
after the commit, too.
"""

from django.dispatch import Signal

# sender=Job, job_id: str, `facts`: a dict with the payload of DESIGN §5 "state", and what
# decides who sees the job: `task` (a name) and `owner` (a key, or None); `schedule` (a key)
# where one made it, whose last fire looks different by that.
job_changed = Signal()

# sender=Job: so many jobs (`count`) of one `task` and `owner` came at once that each is not
# told of by itself; `schedules`: the keys of those that made them.
jobs_came = Signal()

# sender=None, job_id: str, `frames`: list of ready "progress" / "log" payloads.
job_reported = Signal()

# sender=None, after the commit: jobs of the limited task `task` came to wait in `line`, or
# (None) one has left its place, which had the concurrency key `key`.
room_changed = Signal()

# sender=None, in the transaction of a pass: in `line` jobs wait that are not to; `most` may
# be there at once, of those with its concurrency key or, with `key` None, of its task.
conflict_found = Signal()

# sender=None: of a `topic` ("schedules", "workers", "queues") the one with this `pk` came,
# changed or went; `task` where it belongs to one.
thing_changed = Signal()

# sender=None: what these `people` (keys of users; None: anybody) may do or see may be less
# than before, or more, or their session has ended.
rights_changed = Signal()
