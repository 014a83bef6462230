"""Names of the groups that messages travel in. Built here only, never from a client's text."""

from hashlib import blake2b

NEWS = "news"
"""The group in which every change of a job, schedule, worker or queue is told of, with the
keys of those who may hear it (`sight`)."""

RIGHTS = "rights"
"""The group in which is told whose rights may have changed."""


def group_of_job(job_id: str) -> str:
    """The group of those who watch one job.

    Hashed, since callers choose their own task ids (any text up to 255 characters) and a
    group name may hold only ASCII letters, digits and `-_.`, fewer than 100 of them.
    """
    name = job_id.encode("utf-8", "surrogatepass")
    return f"job.{blake2b(name, digest_size=20).hexdigest()}"


def group_of_process(process: str) -> str:
    """The group in which one web process hears only itself; `process` is hexadecimal."""
    return f"loop.{process}"
