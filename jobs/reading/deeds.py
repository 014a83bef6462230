"""The verbs on many jobs, in words: what the button does, and what was done."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext, ngettext_lazy

from jobs.execution.many import MOST, Outcome

from .verbs import VERBS

_MOST_REASONS = 3
_MOVED_ON = ngettext_lazy("%(n)d had moved on", "%(n)d had moved on", "n")


@dataclass(frozen=True)
class Deed:
    """`does` and `did` are sentences about `n` jobs; `short` is the button of the list."""

    verb: str
    short: Any
    icon: str
    does: Any
    did: Any
    is_aside: bool = True
    rest: Any = _MOVED_ON
    """Of those that were left as they are."""

    @property
    def warning(self) -> Any:
        """What is told before a destructive one; "" for the others."""
        return next((verb.asks for verb in VERBS if verb.name == self.verb), "")

    def button(self, count: int) -> str:
        return str(self.does % {"n": count})

    def told(self, outcome: Outcome, expected: int) -> str:
        """What became of it."""
        return ", ".join(
            part
            for part in [str(self.did % {"n": outcome.done}), *self._rest(outcome, expected)]
        )

    def _rest(self, outcome: Outcome, expected: int) -> list[str]:
        moved_on = expected - outcome.done - outcome.refused.total() - outcome.left
        said = [str(self.rest % {"n": moved_on})] if moved_on > 0 else []
        return said + _not_done(outcome)


def _not_done(outcome: Outcome) -> list[str]:
    said = []
    if refused := outcome.refused.total():
        reasons = "; ".join(why for why, _count in outcome.refused.most_common(_MOST_REASONS))
        told = ngettext("%(n)d does not fit: %(why)s", "%(n)d do not fit: %(why)s", refused)
        said.append(told % {"n": refused, "why": reasons})
    if outcome.left:
        told = ngettext(
            "%(n)d was left, it took too long: do it again",
            "%(n)d were left, it took too long: do it again",
            outcome.left,
        )
        said.append(told % {"n": outcome.left})
    return said


def limit() -> str:
    return _("At most %(most)s at once: these are the newest; do it again for the others.") % {
        "most": f"{MOST:,}".replace(",", "\u202f")
    }


DEEDS = {
    deed.verb: deed
    for deed in (
        Deed(
            "retry",
            lazy("Run again"),
            "i-redo",
            ngettext_lazy("Run %(n)d job again", "Run %(n)d jobs again", "n"),
            ngettext_lazy("%(n)d runs again", "%(n)d run again", "n"),
            is_aside=False,
        ),
        Deed(
            "pause",
            lazy("Pause"),
            "i-pause",
            ngettext_lazy("Pause %(n)d job", "Pause %(n)d jobs", "n"),
            ngettext_lazy("%(n)d paused or asked to", "%(n)d paused or asked to", "n"),
            is_aside=False,
        ),
        Deed(
            "resume",
            lazy("Resume"),
            "i-play",
            ngettext_lazy("Resume %(n)d job", "Resume %(n)d jobs", "n"),
            ngettext_lazy("%(n)d resumed", "%(n)d resumed", "n"),
            is_aside=False,
        ),
        Deed(
            "cancel",
            lazy("Cancel…"),
            "i-x",
            ngettext_lazy("Cancel %(n)d job", "Cancel %(n)d jobs", "n"),
            ngettext_lazy("%(n)d cancelled", "%(n)d cancelled", "n"),
            is_aside=False,
        ),
        Deed(
            "start",
            lazy("Start"),
            "i-play",
            ngettext_lazy("Start %(n)d job", "Start %(n)d jobs", "n"),
            ngettext_lazy("%(n)d started", "%(n)d started", "n"),
        ),
        Deed(
            "continue",
            lazy("Run again from the checkpoint"),
            "i-redo",
            ngettext_lazy(
                "Run %(n)d job again from its checkpoint",
                "Run %(n)d jobs again from their checkpoints",
                "n",
            ),
            ngettext_lazy("%(n)d goes on", "%(n)d go on", "n"),
        ),
        Deed(
            "edit",
            lazy("Edit…"),
            "i-edit",
            ngettext_lazy("Edit %(n)d job", "Edit %(n)d jobs", "n"),
            ngettext_lazy("%(n)d changed", "%(n)d changed", "n"),
            rest=ngettext_lazy(
                "%(n)d was so before, or had moved on",
                "%(n)d were so before, or had moved on",
                "n",
            ),
        ),
        Deed(
            "terminate",
            lazy("End now…"),
            "i-x",
            ngettext_lazy("End %(n)d job now", "End %(n)d jobs now", "n"),
            ngettext_lazy("%(n)d is ended", "%(n)d are ended", "n"),
        ),
        Deed(
            "fail",
            lazy("Mark as failed…"),
            "i-x",
            ngettext_lazy("Mark %(n)d job as failed", "Mark %(n)d jobs as failed", "n"),
            ngettext_lazy("%(n)d marked as failed", "%(n)d marked as failed", "n"),
        ),
    )
}
