"""The files of a job as its page shows them: some, and how many there are."""

from dataclasses import dataclass

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, Sum

from jobs.models import Artifact, Job

SHOWN = 200
PREVIEWED_BYTES = 64 * 1024


@dataclass(frozen=True)
class Files:
    shown: list[Artifact]
    """What it made first, then what it was given."""
    count: int
    bytes: int
    made: int
    """How many of all the job itself made."""


def files(job: Job) -> Files:
    pictured = ExpressionWrapper(Q(thumbnail__isnull=False), BooleanField())
    rows = job.artifacts.annotate(has_thumbnail=pictured).defer("thumbnail")
    made = Count("pk", filter=Q(kind=Artifact.Kind.OUTPUT))
    all_of_it = job.artifacts.aggregate(count=Count("pk"), bytes=Sum("size"), made=made)
    return Files(
        shown=list(rows.order_by("-kind", "created_at", "name")[:SHOWN]),
        count=all_of_it["count"],
        bytes=all_of_it["bytes"] or 0,
        made=all_of_it["made"],
    )


@dataclass(frozen=True)
class Beginning:
    text: str
    is_all: bool


def beginning(file: Artifact) -> Beginning | None:
    """What a file of text begins with; None for any other, and when its bytes are gone."""
    if not file.is_text:
        return None
    try:
        with file.file.open("rb") as source:
            read = source.read(PREVIEWED_BYTES + 1)
    except FileNotFoundError:
        return None
    if b"\0" in read:
        return None
    text = read[:PREVIEWED_BYTES].decode("utf-8", "replace")
    return Beginning(text, len(read) <= PREVIEWED_BYTES)


def names_of_given(job: Job) -> dict[str, str]:
    """The names of uploaded files by their ids, for the parameters that stand for them."""
    given = job.artifacts.filter(kind=Artifact.Kind.INPUT)
    return {str(key): name for key, name in given.values_list("pk", "name")[:SHOWN]}
