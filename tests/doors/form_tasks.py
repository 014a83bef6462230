"""Tasks with fields of many kinds, for the run form."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from jobs import File, Secret, task


class Mark(BaseModel):
    """A nested group."""

    text: str
    opacity: float = 1


@task(title="Many kinds")
def many_kinds(
    count: Annotated[int, Field(ge=1, le=10)],
    when: datetime,
    name: str = "nobody",
    mode: Literal["fast", "slow"] = "slow",
    tags: list[Literal["a", "b", "c"]] | None = None,
    mark: Mark | None = None,
    is_dry: bool = True,
    token: Secret | None = None,
) -> None:
    """Take what a form can ask for.

    Args:
        count: How many times.
        when: The first moment.
    """


@task
def uploads(
    files: Annotated[list[File], Field(min_length=1)], table: File | None = None
) -> list[str]:
    """Take files, give back what they hold."""
    return [file.path.read_text() for file in files]


@task
def travel(ticket: str) -> None:
    """Take what is called as one of our own fields once was."""


@task
def nothing() -> None:
    """Take nothing."""
