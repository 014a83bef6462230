"""What a job made and was given, as downloads; nothing of it opens as a page of ours."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from jobs import permissions
from jobs.models import Artifact
from jobs.reading.stream import SANDBOX, download, whole_file

from . import counted, files, values
from .archive import zipped
from .page import page, person, show

# By their first bytes: what a task calls its file proves nothing.
_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@page()
def artifact(request: HttpRequest, job_id: str, artifact_id: UUID) -> HttpResponseBase:
    """One file."""
    return whole_file(request, _artifact(request, job_id, artifact_id))


@page()
def thumbnail(request: HttpRequest, job_id: str, artifact_id: UUID) -> HttpResponseBase:
    """Its small picture, the only bytes of a job that are shown in a page."""
    picture = bytes(_artifact(request, job_id, artifact_id).thumbnail or b"")
    for start, content_type in _PICTURES.items():
        if picture.startswith(start):
            headers = {"Content-Security-Policy": SANDBOX}
            return HttpResponse(picture, content_type=content_type, headers=headers)
    raise Http404


@page()
def preview(request: HttpRequest, job_id: str, artifact_id: UUID) -> HttpResponse:
    """The beginning of a file of text, as text."""
    found = _artifact(request, job_id, artifact_id)
    beginning = files.beginning(found)
    if beginning is None:
        raise Http404
    context = {"section": "jobs", "job": found.job, "file": found, "beginning": beginning}
    return show(request, "jobs/preview.html", context)


@page()
def archive(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """All files that the job made, as one zip."""
    job = permissions.job(person(request), "view", job_id)
    made = job.artifacts.filter(kind=Artifact.Kind.OUTPUT).defer("thumbnail")
    name = f"{job.id.replace('/', '_')}.zip"
    return download(request, zipped(list(made)), name, "application/zip")


@page()
def result(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """The whole result as a JSON file."""
    job = permissions.job(person(request), "view", job_id)
    text = values.indented(job.result).encode("utf-8", "replace")
    name = f"{job.id.replace('/', '_')}.result.json"
    return download(request, iter([text]), name, "application/json")


@page()
def errors(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """The errors that the job counted, as a table for spreadsheets."""
    job = permissions.job(person(request), "view", job_id)
    name = f"{job.id.replace('/', '_')}.errors.csv"
    return download(request, counted.table(job), name, "text/csv; charset=utf-8")


def _artifact(request: HttpRequest, job_id: str, artifact_id: UUID) -> Artifact:
    found = permissions.artifact(person(request), artifact_id)
    if found.job_id != job_id:
        raise Http404
    return found
