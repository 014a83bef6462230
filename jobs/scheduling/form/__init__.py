"""The form that asks a person for a schedule: the same in the admin and on the pages, and
whole without JavaScript."""

from .form import LOOK, ScheduleForm

__all__ = ["LOOK", "ScheduleForm"]
