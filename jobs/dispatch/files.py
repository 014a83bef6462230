"""The files that a job is given: uploads, and those of a job before it."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from jobs import sanitize
from jobs.models import Artifact, Job, KeptFile, content_type_of
from jobs.params import Invalid
from jobs.params.kept import regiven


def keep_upload(upload: "UploadedFile[Any]", job_id: str, files: list[Artifact]) -> str:
    """Remember an uploaded file as an artifact of the job, to be saved with it; its id. A
    file that the job has already stays as it is; with another job it shares the bytes."""
    if isinstance(upload, KeptFile):
        if upload.artifact.job_id == job_id:
            return str(upload.artifact.pk)
        artifact = upload.artifact.given_to(job_id)
    else:
        artifact = Artifact(
            job_id=job_id,
            kind=Artifact.Kind.INPUT,
            name=(name := sanitize.text(upload.name or "", 255) or "upload"),
            content_type=content_type_of(upload.content_type, name),
            size=upload.size or 0,
            file=upload,
        )
    files.append(artifact)
    return str(artifact.pk)


def given_again(job: Job, job_id: str, files: list[Artifact]) -> Any:
    """The parameters of `job` for a new one, whose own files are named in them: it must not
    matter when `job` is deleted."""
    own = {str(each.pk): each for each in job.artifacts.filter(kind=Artifact.Kind.INPUT)}

    def keep(key: str) -> str:
        return keep_upload(KeptFile(own[key]), job_id, files) if key in own else key

    return job.params if job.arguments else regiven(job.params, keep)


def save_files(files: list[Artifact]) -> None:
    """Save what was remembered, in the transaction of the job. Bytes that are shared must
    still be there: their deletion waits for us, or came first. Raises params.Invalid."""
    sources = {artifact.source.pk for artifact in files if artifact.source}
    if sources:
        held = Artifact.objects.select_for_update().filter(pk__in=sources)
        if len(held.values_list("pk")) < len(sources):
            raise Invalid({"": [_("A file that is to be given again was deleted.")]})
    for artifact in files:
        artifact.save(force_insert=True)
