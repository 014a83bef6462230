"""The site's own tasks of limits and queues, which its documents asked for."""

import socket

import pytest

from jobs import enqueue
from jobs.dispatch.policy import policy_of
from jobs.models import Job
from jobs.params import Invalid
from jobs.states import State, WaitingFor
from project.tasks import pages, payments
from project.tasks.pages import domain, scrape_url_low, scrape_url_normal, scrape_url_urgent

pytestmark = pytest.mark.django_db
PAGE = "https://www.importante.com/a?b=c"


@pytest.fixture
def unreachable(monkeypatch):
    """Each name has a public address, and nobody answers there."""

    def fail(*args, **kwargs):
        raise ConnectionRefusedError("nobody answers")

    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: found)
    monkeypatch.setattr(pages, "build_opener", fail)


def test_an_api_is_called_ten_times_a_minute_and_payments_a_hundred_times_an_hour():
    assert policy_of(pages.llamar_api_externa.name).rate == "10/m"
    assert policy_of(payments.procesar_pago.name).rate == "100/h"
    job = enqueue(payments.procesar_pago.name, {"usuario_id": 1, "monto": "10.50"})
    assert (job.state, job.waiting_for) == (State.PENDING, WaitingFor.RATE)


def test_two_queues_of_different_haste_are_named_by_their_tasks():
    queues = [enqueue(each.name, {}).queue for each in
              (payments.tarea_urgente, payments.tarea_no_urgente)]  # fmt: skip
    assert queues == ["alta_prioridad", "baja_prioridad"]


def test_a_page_goes_to_the_queue_of_its_domain_and_shares_the_rate_of_that():
    sent = pages.clasificar_y_enviar([PAGE, "http://otro.es/x", "http://notimportante.com/"])
    jobs = [Job.objects.get(pk=key) for key in sent.values()]
    assert [job.queue for job in jobs] == ["urgent", "normal", "normal"]
    assert [job.rate_key for job in jobs] == [
        "www.importante.com",
        "otro.es",
        "notimportante.com",
    ]
    assert {policy_of(job.task_id).rate for job in jobs} == {"10/m"}


def test_a_page_that_fails_is_tried_again_with_less_haste(unreachable):
    for scrape, queue, priority in (
        (scrape_url_urgent, "normal", 4), (scrape_url_normal, "low", 1),
    ):  # fmt: skip
        again = Job.objects.get(pk=scrape(PAGE)["job"])
        assert (again.queue, again.priority, again.params) == (queue, priority, {"url": PAGE})
    with pytest.raises(ConnectionRefusedError):
        scrape_url_low(PAGE)
    assert domain(PAGE) == "www.importante.com"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "169.254.169.254",
        "10.1.2.3",
        "[::ffff:127.0.0.1]",
        "0",
    ],
)
def test_no_page_within_the_house_is_read(host):
    with pytest.raises(PermissionError, match="no public site"):
        pages.llamar_api_externa(f"http://{host}:6379/")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a/b", "http://u:p@a/", "x", ""])
def test_what_is_no_address_of_a_page_is_refused_when_it_is_asked_for(url):
    with pytest.raises(Invalid):
        enqueue(pages.llamar_api_externa.name, {"url": url})
