"""Hears of everything that gives or takes rights, and says whose sockets should look again.

What goes round Django's signals (`QuerySet.update`, SQL) nobody hears: sockets find it out
by themselves, every `LOOK_AGAIN_SECONDS` (company.py).
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs.models import ApiToken, Grant, Task
from jobs.signals import rights_changed, thing_changed

_UID: dict[str, Any] = {"dispatch_uid": "jobs.live.rights", "weak": False}
_SESSIONS = "django.contrib.sessions"
_AFTERWARDS = ("post_add", "post_remove", "post_clear")


def connect() -> None:
    """Begin to listen to what happens in this process."""
    user = get_user_model()
    user_logged_out.connect(_logged_out, **_UID)
    if session := _session_row():
        post_delete.connect(_session_gone, sender=session, **_UID)
    for signal in (post_save, post_delete):
        signal.connect(_person_changed, sender=user, **_UID)
        signal.connect(_token_changed, sender=ApiToken, **_UID)
        signal.connect(_schedule_changed, sender=PeriodicTask, **_UID)
        signal.connect(_anybody, sender=Grant, **_UID)
    for row in (Group, Task):
        post_delete.connect(_anybody, sender=row, **_UID)
    for relation in ("groups", "user_permissions"):
        if field := getattr(user, relation, None):
            m2m_changed.connect(_membership_changed, sender=field.through, **_UID)
    for field in (Group.permissions, Task.viewers, Task.runners, Task.managers, Grant.tasks):
        m2m_changed.connect(_relation_changed, sender=field.through, **_UID)


def _tell(people: Iterable[Any] | None) -> None:
    """On commit, since sockets look at the rows. None: anybody's rights may have changed."""
    named = None if people is None else list(people)
    transaction.on_commit(lambda: rights_changed.send_robust(sender=None, people=named))


def _session_row() -> type[Model] | None:
    """The model of sessions, where they are rows."""
    engine = settings.SESSION_ENGINE
    if engine.startswith(_SESSIONS) and not apps.is_installed(_SESSIONS):
        return None  # nobody signs in with a session here, and the model cannot be imported
    store = import_module(engine).SessionStore
    row: type[Model] | None = getattr(store, "get_model_class", lambda: None)()
    return row


def _logged_out(*, user: Any, **kwargs: Any) -> None:
    if user is not None:
        _tell([user.pk])


def _session_gone(*, instance: Any, **kwargs: Any) -> None:
    if instance.expire_date > timezone.now() and (
        pk := instance.get_decoded().get(SESSION_KEY)
    ):
        _tell([pk])


def _person_changed(
    *, instance: Any, created: bool = False, update_fields: Any = None, **kwargs: Any
) -> None:
    # A login saves its moment: nothing that a socket would have to know.
    if not created and update_fields != {"last_login"}:
        _tell([instance.pk])


def _token_changed(
    *, instance: ApiToken, created: bool = False, update_fields: Any = None, **kwargs: Any
) -> None:
    if not created:
        _tell([instance.user_id])


def _membership_changed(
    *, action: str, instance: Any, reverse: bool, pk_set: set[Any] | None, **kwargs: Any
) -> None:
    """`reverse`: a group was given people, not a person groups. Cleared, it cannot say whom."""
    if action in _AFTERWARDS:
        _tell(pk_set if reverse else [instance.pk])


def _relation_changed(*, action: str, **kwargs: Any) -> None:
    if action in _AFTERWARDS:
        _tell(None)


def _anybody(**kwargs: Any) -> None:
    _tell(None)


def _schedule_changed(*, instance: PeriodicTask, **kwargs: Any) -> None:
    facts = {"topic": "schedules", "pk": instance.pk, "task": instance.task}
    transaction.on_commit(lambda: thing_changed.send_robust(sender=None, **facts))
