"""The two facts that listeners may hear. Nobody calls a listener; it connects here.

`job_changed` is sent after the commit that changed a job; `job_reported` carries what
a running job says of itself (progress, log lines) and may be lost.
"""

from django.dispatch import Signal

# sender=Job, job_id: str, and `facts`: a dict with the payload of DESIGN §5 "state".
job_changed = Signal()

# sender=None, job_id: str, `frames`: list of ready "progress" / "log" payloads.
job_reported = Signal()
