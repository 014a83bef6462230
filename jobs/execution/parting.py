"""What is written when a function is left before its end: it was asked to, its worker has
to go, or another task takes its place. By then the row may say something else."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from jobs.dispatch.changes import move_and_tell
from jobs.states import Requested, State, WaitingFor

from .finish import finish, requeue
from .outcome import Ending

if TYPE_CHECKING:
    from .attempt import RunningAttempt


def pause(attempt: "RunningAttempt", **changes: Any) -> object:
    """One that was withdrawn meanwhile lets the job go on; a cancel takes its place."""
    asked = attempt.mine.filter(requested=Requested.PAUSE)
    if paused := move_and_tell(asked, State.PAUSED, **changes):
        return paused
    withdrawn = Ending(State.FAILED, _("Its pause was withdrawn."))
    return requeue(attempt.mine, withdrawn, **changes)


def cancel(attempt: "RunningAttempt", **changes: Any) -> object:
    return finish(attempt.mine, Ending(State.CANCELLED), **changes)


def go_elsewhere(attempt: "RunningAttempt", **changes: Any) -> object:
    reason = _("Its worker was told to end; it goes on from its checkpoint.")
    return requeue(attempt.mine, Ending(State.FAILED, reason), **changes)


def make_room(attempt: "RunningAttempt", **changes: Any) -> bool:
    """`self.replace`: the row is vacated, and the new task fills it: at once, or when the
    steps before it are done. One transaction: a quick step finds the place free."""
    if finish(
        attempt.mine.filter(requested=Requested.CANCEL), Ending(State.CANCELLED), **changes
    ):
        return True
    waits = {"waiting_for": WaitingFor.UPSTREAM}
    vacated = move_and_tell(attempt.mine, State.PENDING, **waits, **changes)
    if vacated:
        attempt.replacement.apply_async(parent_id=attempt.job.id, add_to_parent=False)
    return bool(vacated)
