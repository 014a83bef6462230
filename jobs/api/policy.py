"""The operators' half of a task: how its jobs run from now on."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from pydantic import Field

from jobs import permissions
from jobs.execution import policy
from jobs.execution.edit import HIGHEST, LOWEST
from jobs.execution.order import Order

from . import shapes
from .auth import CONTROL, person
from .errors import invalid, may_answer
from .kinds import Body, Key, Reason
from .tasks import router, shown

_Seconds = Field(None, ge=policy.SHORTEST, le=policy.LONGEST)
_Count = Field(None, ge=0, le=policy.MOST_RUNNING)


# What says something of the change itself.
_ABOUT = {"reason", "seen"}


class PolicyChange(Body):
    """Only what is given is changed; null (or an empty text) is "as the code says". Of
    `max_running` and `max_running_per_key` 0 is "any number", of `rate` so is "off".

    With `seen`, as the task said it, nothing is written over what somebody else changed."""

    enabled: bool = True
    queue: Key | None = None
    priority: int | None = Field(None, ge=LOWEST, le=HIGHEST)
    soft_time_limit: float | None = _Seconds
    time_limit: float | None = _Seconds
    stall_after: float | None = _Seconds
    max_retries: int | None = Field(None, ge=0, le=policy.MOST_RETRIES)
    max_running: int | None = _Count
    max_running_per_key: int | None = _Count
    rate: Key | None = None
    burst: int | None = Field(None, ge=1, le=policy.MOST_RUNNING)
    reason: Reason = ""
    seen: Key = ""

    def changes(self) -> dict[str, Any]:
        """What was given, as the verb takes it."""
        found = {name: getattr(self, name) for name in self.model_fields_set - _ABOUT}
        return found | {name: found[name] or "" for name in {"queue", "rate"} & {*found}}


@router.patch(
    "/tasks/{key:name}",
    auth=CONTROL,
    response=may_answer(shapes.TaskOut),
    summary="Edit the policy of a task",
)
def edit(request: HttpRequest, name: str, given: PolicyChange) -> HttpResponse:
    """For who manages it; in force everywhere within a second. To disable it needs a
    `reason`."""
    user = person(request)
    row = permissions.task(user, "manage", name)
    changes = given.changes()
    if not changes:
        raise invalid({"": [_("Say what is to be changed.")]})
    if changes.get("enabled") is False and row.enabled and not given.reason:
        raise invalid({"reason": [_("Say why it is disabled: it stands on its page.")]})
    policy.edit(row.pk, Order(user, given.reason), changes, seen=given.seen)
    return shown(request, row.pk)
