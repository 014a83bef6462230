"""Who gets in, and what the server says to those who do not."""

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from websockets.exceptions import InvalidStatus

from jobs.models import ApiToken, SocketTicket

from .web import Web, code_of_close, hear, say, session_of, watch
from .worker import a_job

pytestmark = pytest.mark.django_db(transaction=True)


def test_nobody_is_told_4401(web: Web) -> None:
    with web.open() as line:
        assert code_of_close(line) == 4401


def test_an_inactive_user_is_nobody(web: Web, ana: User) -> None:
    cookie = session_of(ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    with web.open(headers={"Cookie": cookie}) as line:
        assert code_of_close(line) == 4401


@pytest.mark.parametrize("path", ["/", "/elsewhere", "/wsx", "/ws/job"])
def test_any_other_address_is_gone(web: Web, ana: User, path: str) -> None:
    with web.open(ana, path=path) as line:
        assert code_of_close(line) == 4404


@pytest.mark.parametrize("path", ["/ws", "/ws/", "/any/prefix/ws", "/any/prefix/ws/"])
def test_the_address_may_have_a_prefix_and_a_slash(web: Web, ana: User, path: str) -> None:
    with web.open(ana, path=path) as line:
        say(line, type="ping")
        hear(line, "pong")


def test_each_is_spoken_to_in_the_language_of_its_handshake(web: Web, ana: User) -> None:
    with (
        web.open(ana, headers={"Accept-Language": "es"}) as spanish,
        web.open(ana) as english,
    ):
        for line, words in ((spanish, "«type» debe ser"), (english, "“type” must be")):
            say(line, type="nonsense")
            assert hear(line, "error")["detail"].startswith(words)


ORIGINS = {
    "own": ("http://{host}", True),
    "trusted": ("https://trusted.example:8443", True),
    "none at all": (None, True),
    "null": ("null", False),
    "evil": ("https://evil.example", False),
    "https of own": ("https://{host}", False),
    "ws of own": ("ws://{host}", False),
    "another port": ("http://127.0.0.1:1", False),
    "no port": ("http://127.0.0.1", False),
    "a subdomain": ("http://x.{host}", False),
    "own as prefix": ("http://{host}.evil.example", False),
    "own as path": ("http://evil.example/{host}", False),
    "own as user": ("http://{host}@evil.example", False),
    "a trailing dot": ("http://127.0.0.1.:{port}", False),
    "a path": ("http://{host}/", False),
    "upper case": ("HTTP://{host}", False),
    "another allowed host": ("http://localhost:{port}", False),
    "trusted, another port": ("https://trusted.example", False),
    "trusted, plain": ("http://trusted.example:8443", False),
    "under trusted": ("https://a.trusted.example:8443", False),
    "two in one": ("http://{host}, http://{host}", False),
    "empty": ("", False),
}


@pytest.mark.parametrize("case", ORIGINS)
def test_only_exactly_our_own_pages_may_open_a_socket(web: Web, ana: User, case: str) -> None:
    origin, may = ORIGINS[case]
    if origin is not None:
        origin = origin.format(host=web.host, port=web.port)
    if may:
        with web.open(ana, origin=origin) as line:
            say(line, type="ping")
            hear(line, "pong")
        return
    with pytest.raises(InvalidStatus) as refused, web.open(ana, origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_two_origins_are_none_of_ours(web: Web, ana: User) -> None:
    headers = [("Cookie", session_of(ana)), ("Origin", f"http://{web.host}")]
    with (
        pytest.raises(InvalidStatus) as refused,
        web.open(headers=[*headers, ("Origin", "https://evil.example")], origin=None),
    ):
        pass
    assert refused.value.response.status_code in (400, 403)


def test_a_host_that_is_not_allowed_is_refused(web: Web, ana: User) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        web.open(ana, host="evil.example", origin=f"http://evil.example:{web.port}"),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_a_session_that_ends_ends_the_socket(web: Web, ana: User) -> None:
    with web.open(ana) as line:
        watch(line, a_job(ana).id)
        Session.objects.all().delete()
        assert code_of_close(line) == 4401


def test_a_new_password_ends_the_socket(web: Web, ana: User) -> None:
    with web.open(ana) as line:
        watch(line, a_job(ana).id)
        ana.set_password("another")
        ana.save()
        assert code_of_close(line) == 4401


def test_a_deactivated_user_loses_the_socket(web: Web, ana: User) -> None:
    with web.open(ana) as line:
        watch(line, a_job(ana).id)
        User.objects.filter(pk=ana.pk).update(is_active=False)
        assert code_of_close(line) == 4401


def test_a_ticket_of_the_api_opens_one_socket(web: Web, ana: User) -> None:
    job = a_job(ana)
    token, _text = ApiToken.objects.issue(ana, ["read"])
    ticket = SocketTicket.objects.issue(token=token)
    with web.open(path=f"/ws?ticket={ticket}", origin=None) as line:
        assert watch(line, job.id)["task_id"] == job.id
        with web.open(path=f"/ws?ticket={ticket}", origin=None) as second:
            assert code_of_close(second) == 4401
