"""What RabbitMQ alone has: TLS of its own kind, virtual hosts, kinds of queues."""

import ssl
import subprocess
from shutil import which
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue as Declared

from jobs.checks import servers
from project import places
from tests.whole.proxy import Proxy
from tests.whole.rabbit import Rabbit

pytestmark = pytest.mark.django_db


@pytest.fixture
def rabbit(broker):
    if not isinstance(broker, Rabbit):
        pytest.skip("python -m tests.rabbitmq runs these")
    return broker


@pytest.fixture
def conf(monkeypatch):
    """Celery's settings, in which a broker is named."""

    def reach(url):
        monkeypatch.setitem(current_app.conf, "broker_url", places.for_kombu(url))
        monkeypatch.setitem(current_app.conf, "broker_use_ssl", places.tls(url) or False)

    return reach


class Locked(Proxy):
    """Speaks TLS to whoever connects, and plainly to the server."""

    def __init__(self, target, cert, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        super().__init__(target)

    def _serve(self, client):
        try:
            super()._serve(self.context.wrap_socket(client, server_side=True))
        except OSError:
            client.close()


@pytest.fixture
def locked(rabbit, tmp_path):
    """The port of a way in with TLS, and the certificate that nobody else knows."""
    openssl = which("openssl")
    if not openssl:
        pytest.skip("openssl is needed")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key),
            "-out", str(cert)]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    proxy = Locked(rabbit.proxy.target, cert, key)
    yield proxy.port, cert
    proxy.stop()


def found():
    return [message.id for message in servers.broker()]


def address(rabbit, **parts):
    """The URL of the broker, changed."""
    own = urlsplit(rabbit.url)
    who = own.netloc.rpartition("@")[0]
    port = parts.pop("port", own.port)
    return own._replace(netloc=f"{who}@127.0.0.1:{port}", **parts).geturl()


def sent():
    """Whether a message gets there and back."""
    with current_app.connection_for_write() as connection:
        queue = connection.SimpleBuffer("there-and-back")
        queue.put("x")
        return queue.get(timeout=5).payload == "x"


def test_a_rabbitmq_behind_tls_lets_in_or_says_why_not(conf, rabbit, locked):
    port, cert = locked
    conf(address(rabbit, port=port, scheme="amqps", query=f"ssl_ca_certs={cert}"))
    assert found() == [] and sent()
    conf(address(rabbit, port=port, scheme="amqps"))
    assert found() == ["jobs.E024"]
    conf(address(rabbit, port=port, scheme="amqps", query="ssl_cert_reqs=none"))
    assert found() == [] and sent()


def test_a_virtual_host_that_is_not_there_is_told_of(conf, rabbit):
    conf(address(rabbit))
    assert found() == [] and sent()
    conf(address(rabbit, path="/nobody-made-this"))
    assert found() == ["jobs.E024"]


def test_a_queue_that_was_declared_otherwise_is_told_of(conf, rabbit):
    conf(address(rabbit))
    with current_app.connection_for_write() as connection:
        rabbit.delete("celery")
        kind = {"x-message-ttl": 60_000}
        Declared("celery", queue_arguments=kind)(connection.default_channel).declare()
    assert found() == ["jobs.E027"]
    rabbit.delete("celery")
    assert found() == []


def test_the_certificate_is_looked_at_unless_told_otherwise():
    own = "amqps://me:pw@broker:5671/team?ssl_ca_certs=/ca.pem"
    assert places.for_kombu(own) == "amqps://me:pw@broker:5671/team"
    wanted = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": "broker"}
    assert places.tls(own) == {**wanted, "ca_certs": "/ca.pem"}
    assert places.tls("amqps://broker//") == wanted
    assert places.tls("amqps://broker//?ssl_cert_reqs=none") == {"cert_reqs": ssl.CERT_NONE}
    assert places.tls("amqp://broker//") is places.tls("rediss://broker/0") is None
    for odd in ("ssl_cert_reqs=maybe", "ssl_ca=/ca.pem", "heartbeat=3"):
        with pytest.raises(ImproperlyConfigured, match="BROKER_URL"):
            places.tls(f"amqps://broker//?{odd}")
