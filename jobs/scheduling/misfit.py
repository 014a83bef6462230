"""Whether a task still takes what its schedule gives it, said before the next fire fails."""

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.params import Invalid, Unreadable

from .given import asked, with_moment
from .plan import is_known


def misfit(entry: PeriodicTask) -> str:
    """What no longer fits, in words; "" where all does."""
    try:
        given = with_moment(entry.task, asked(entry), localtime())
        registry.get(entry.task).parameters.validate(given)
    except registry.UnknownTask:
        return "" if is_known(entry.task) else _("its task is not registered")
    except Invalid:
        return _("its task does not take these parameters")
    except Unreadable:
        return _("a secret can no longer be read")
    return ""
