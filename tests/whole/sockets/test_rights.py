"""Whose rights or session end loses the socket, told by the change itself; and found out
by the clock where nothing tells."""

from collections.abc import Callable, Iterator
from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.test import Client

from jobs.live import publish
from jobs.models import ApiToken, Grant, SocketTicket, Task
from jobs.signals import rights_changed

from .web import Web, code_of_close, hear, session_of, watch
from .worker import a_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def told_web(redis_server: str, django_db_setup: None) -> Iterator[Web]:
    server = Web("tests.whole.sockets.patient_site:application", redis_server).start()
    yield server
    server.stop()


def log_out(user: User, browser: Client) -> None:
    browser.logout()


def flush(user: User, browser: Client) -> None:
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    import_module(settings.SESSION_ENGINE).SessionStore(key).flush()


def log_out_everywhere(user: User, browser: Client) -> None:
    Session.objects.all().delete()


def new_password(user: User, browser: Client) -> None:
    user.set_password("another")
    user.save()


def deactivate(user: User, browser: Client) -> None:
    user.is_active = False
    user.save(update_fields=["is_active"])


def delete(user: User, browser: Client) -> None:
    user.delete()


ENDS = (log_out, flush, log_out_everywhere, new_password, deactivate, delete)


@pytest.mark.parametrize("end", ENDS)
def test_a_session_that_ends_ends_the_socket(
    told_web: Web, bob: User, end: Callable[[User, Client], None]
) -> None:
    browser = Client()
    browser.force_login(bob)
    cookie = (
        f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    )
    with told_web.open(headers={"Cookie": cookie}) as line:
        watch(line, a_job(bob).id)
        end(bob, browser)
        assert code_of_close(line) == 4401


def test_a_token_that_is_revoked_takes_the_socket_of_its_ticket(
    told_web: Web, ana: User
) -> None:
    token, _text = ApiToken.objects.issue(ana, ["read"])
    ticket = SocketTicket.objects.issue(token=token)
    with told_web.open(path=f"/ws?ticket={ticket}", origin=None) as line:
        watch(line, a_job(ana).id)
        ApiToken.objects.filter(pk=token.pk).revoke()
        assert code_of_close(line) == 4401


def team() -> Group:
    return Group.objects.get(name="team")


def of_all() -> Permission:
    return Permission.objects.get(codename="view_all")


def task() -> Task:
    return Task.objects.get(pk="tests.add")


# How bob sees the job of ana, and how he loses that.
LOSSES: dict[str, tuple[Callable[[User], object], Callable[[User], object]]] = {
    "leaves the group": (
        lambda bob: task().viewers.add(team()),
        lambda bob: bob.groups.clear(),
    ),
    "is put out of the group": (
        lambda bob: task().runners.add(team()),
        lambda bob: team().user_set.remove(bob),
    ),
    "the group is emptied": (
        lambda bob: task().viewers.add(team()),
        lambda bob: team().user_set.clear(),
    ),
    "the group is deleted": (
        lambda bob: task().managers.add(team()),
        lambda bob: team().delete(),
    ),
    "the task takes its viewers back": (
        lambda bob: task().viewers.add(team()),
        lambda bob: task().viewers.clear(),
    ),
    "the task takes its managers back": (
        lambda bob: task().managers.add(team()),
        lambda bob: task().managers.remove(team()),
    ),
    "the task is deleted": (
        lambda bob: task().viewers.add(team()),
        lambda bob: task().delete(),
    ),
    "the grant is deleted": (
        lambda bob: Grant.objects.create(group=team(), role="viewers", pattern="tests.*"),
        lambda bob: Grant.objects.get().delete(),
    ),
    "loses the permission": (
        lambda bob: bob.user_permissions.add(of_all()),
        lambda bob: bob.user_permissions.clear(),
    ),
    "the group loses the permission": (
        lambda bob: team().permissions.add(of_all()),
        lambda bob: team().permissions.remove(of_all()),
    ),
    "is a superuser no more": (
        lambda bob: make_superuser(bob, True),
        lambda bob: make_superuser(bob, False),
    ),
}


def make_superuser(bob: User, is_one: bool) -> None:
    bob.is_superuser = is_one
    bob.save()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_right_that_is_lost_ends_the_subscription(
    told_web: Web, ana: User, bob: User, loss: str
) -> None:
    give, take = LOSSES[loss]
    job = a_job(ana)
    bob.groups.add(Group.objects.create(name="team"))
    give(bob)
    with told_web.open(bob) as line:
        watch(line, job.id)
        take(User.objects.get(pk=bob.pk))
        error = hear(line, "error")
        assert (error["code"], error["topic"]) == (403, f"job:{job.id}")
        assert code_of_close(line) == 4403


def test_others_keep_theirs(told_web: Web, ana: User, bob: User) -> None:
    with told_web.open(ana) as stays, told_web.open(bob) as goes:
        watch(stays, a_job(ana).id)
        watch(goes, a_job(bob).id)
        deactivate(bob, Client())
        assert code_of_close(goes) == 4401
        rights_changed.send(sender=None, people=None)  # all look again, and nobody else goes
        watch(stays, a_job(ana).id)


def test_with_the_push_cut_off_the_clock_finds_it_out(web: Web, ana: User) -> None:
    rights_changed.disconnect(dispatch_uid="jobs.live")
    try:
        with web.open(headers={"Cookie": session_of(ana)}) as line:
            watch(line, a_job(ana).id)
            deactivate(ana, Client())
            assert code_of_close(line) == 4401
    finally:
        publish.connect()
