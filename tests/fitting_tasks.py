"""Tasks that judge what they are given, and two whose signature another release changed."""

import os
from typing import Any

import pydantic
from celery import shared_task
from django.core.exceptions import ValidationError

from jobs import Invalid, current_job, task


class Range(pydantic.BaseModel):
    low: int


def refuse(how: str, secret: str = "") -> None:
    """Say in one of many ways that the parameters make no sense."""
    current_job().log(f"validating {how}")
    ways: dict[str, Any] = {
        "invalid": lambda: Invalid({"how": ["Not so."], "": ["Not at all."]}),
        "django": lambda: ValidationError({"how": ["Not so."], "__all__": ["Not at all."]}),
        "django text": lambda: ValidationError("Not at all."),
        "pydantic": lambda: Range(low="many"),  # type: ignore[arg-type]
        "value": lambda: ValueError("Not at all."),
        "assertion": lambda: AssertionError(),
        "secret": lambda: ValueError(f"not {secret}"),
        "bug": lambda: KeyError("nobody thought of that"),
        "well": lambda: None,
    }
    if error := ways[how]():
        raise error


@task(validate=refuse, secrets=["secret"], autoretry_for=(Exception,), default_retry_delay=0)
def judged(how: str, secret: str = "") -> str:
    """Runs only when it is to."""
    return f"{how} in attempt {current_job().attempt}"


if os.environ.get("TEST_RELEASE") == "next":

    @task
    def resize(side: int, album: int) -> int:
        return side * album

    @shared_task
    def scale(x, by):  # type: ignore[no-untyped-def]
        return x * by

else:

    @task
    def resize(side: str, tint: str = "none") -> str:
        return side + tint

    @shared_task
    def scale(x, factor=1):  # type: ignore[no-untyped-def]
        return x * factor
