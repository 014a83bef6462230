"""What a job was given, to be given once more by a form: values whole, files kept."""

from typing import Any

from jobs import permissions, registry
from jobs.dispatch import typed
from jobs.models import Artifact, Job, KeptFile
from jobs.params import Unreadable
from jobs.params.file import KEPT
from jobs.params.shown import named

from . import values


def values_of(job: Job) -> dict[str, Any]:
    """Its parameters for a form, which leaves out secrets and files. Of a call from code
    what may not be shown is left out here, where it is not marked as in a row."""
    if not isinstance(job.params, dict):
        return {}
    if not job.arguments:
        return job.params
    try:
        args, kwargs = typed.opened(job.arguments)
        sent = named(registry.get(job.task_id).parameters.signature, args, kwargs)
    except (Unreadable, registry.UnknownTask, ValueError):
        return {}
    open_ones = [name for name, value in job.params.items() if not values.is_kept_back(value)]
    return {name: sent[name] for name in open_ones if name in sent and name != "*"}


def files_of(user: permissions.Person, job: Job) -> dict[str, Any]:
    """Its files by the names of their parameters, as if `user` had uploaded them again;
    only those that they may see, and all of a parameter or none."""
    if job.arguments or not isinstance(job.params, dict):
        return {}
    ids = {name: _ids(value) for name, value in job.params.items()}
    wanted = [key for keys in ids.values() for key in keys]
    seen = permissions.artifacts(user).filter(pk__in=wanted, kind=Artifact.Kind.INPUT)
    files = {str(artifact.pk): KeptFile(artifact) for artifact in seen.defer("thumbnail")}
    return {
        name: [files[key] for key in keys]
        if isinstance(job.params[name], list)
        else files[keys[0]]
        for name, keys in ids.items()
        if keys and all(key in files for key in keys)
    }


def _ids(value: Any) -> list[str]:
    """The ids of the files that a stored value stands for; none when it is anything else."""
    items = value if isinstance(value, list) else [value]
    ids = [str(item[KEPT]) for item in items if isinstance(item, dict) and set(item) == {KEPT}]
    return ids if len(ids) == len(items) else []
