"""Set-ups that lose work are refused, those that do not are let through."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress

import pytest
import redis
from django.apps.registry import Apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from jobs import checks
from jobs.checks import celery, servers, site
from jobs.models import Job
from project import places
from project.supervisor import embedded
from tests.conftest import start_server
from tests.waiting import eventually
from tests.whole.house import free_port

CORE = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer"}}
MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


def ids(found):
    return [message.id for message in found]


def test_this_site_has_nothing_to_refuse(redis_server, db):
    assert checks.problems() == []
    checks.refuse_bad_setup("web")


@pytest.mark.parametrize(
    ("check", "changes", "expected"),
    [
        (site.time_zones, {"USE_TZ": False}, "jobs.E003"),
        (site.hosts, {"ALLOWED_HOSTS": ["*"], "DEBUG": False}, "jobs.E004"),
        (site.origins, {"CSRF_TRUSTED_ORIGINS": ["https://*.example.org"]}, "jobs.E005"),
    ],
)
def test_a_bad_setting_is_refused_by_its_id(settings, check, changes, expected):
    assert ids(check()) == []
    for name, value in changes.items():
        setattr(settings, name, value)
    assert ids(check()) == [expected]


@pytest.mark.parametrize(
    ("layers", "expected"), [({}, "jobs.E007"), (CORE, "jobs.E008"), (MEMORY, "jobs.E009")]
)
def test_only_the_pubsub_layer_is_good_enough(settings, layers, expected):
    settings.CHANNEL_LAYERS = layers
    assert ids(site.layer()) == [expected]


@pytest.mark.parametrize(
    "options",
    [{}, {"init_command": "PRAGMA journal_mode=WAL"}, {"transaction_mode": "IMMEDIATE"}],
)
def test_sqlite_without_both_of_its_modes_is_refused(options):
    assert ids(site._sqlite(options)) == ["jobs.E002"]


def test_sqlite_modes_are_read_whatever_their_spelling():
    options = {"init_command": "pragma JOURNAL_MODE = wal;", "transaction_mode": "immediate"}
    assert ids(site._sqlite(options)) == []


def test_apps_in_the_wrong_order_are_refused(settings):
    settings.INSTALLED_APPS = [
        *(app for app in settings.INSTALLED_APPS if app != "django_celery_beat"),
        "django_celery_beat",
    ]
    assert ids(site.order()) == ["jobs.E006"]


@pytest.fixture
def conf():
    """Celery's configuration, put back after the test."""
    from celery import current_app

    assert current_app.conf.broker_url  # from now on it is the one that all look at
    before = dict(current_app.conf.changes)
    yield current_app.conf
    current_app.conf.changes.clear()
    current_app.conf.changes.update(before)


@pytest.mark.parametrize(
    ("check", "name", "value", "expected"),
    [
        (celery.content, "accept_content", ["json", "pickle"], "jobs.E010"),
        (celery.content, "task_serializer", "pickle", "jobs.E010"),
        (celery.broker, "broker_url", "memory://", "jobs.E012"),
        (celery.broker, "broker_transport_options", {}, "jobs.W013"),
        (celery.results, "result_backend", "django-db", "jobs.E014"),
        (celery.scheduler, "beat_scheduler", "celery.beat:PersistentScheduler", "jobs.E015"),
    ],
)
def test_a_bad_setting_of_celery_is_refused_by_its_id(conf, check, name, value, expected):
    assert ids(check()) == []
    conf[name] = value
    assert ids(check()) == [expected]


def test_green_threads_are_refused_on_sqlite_only():
    on_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    assert ids(celery.pool("celery.concurrency.prefork")) == []
    assert ids(celery.pool("celery.concurrency.gevent")) == (["jobs.E016"] if on_sqlite else [])


@pytest.fixture
def changed_server(redis_server, redis_client):
    """Changes the private server's configuration, and puts it back."""
    names = ("maxmemory-policy", "appendonly", "save")
    before = {name: redis_client.config_get(name)[name] for name in names}
    yield redis_client.config_set
    for name, value in before.items():
        redis_client.config_set(name, value)


def test_a_broker_that_evicts_is_refused(changed_server):
    assert ids(servers.broker()) == []
    changed_server("maxmemory-policy", "allkeys-lru")
    assert ids(servers.broker()) == ["jobs.E021"]


def test_a_broker_that_keeps_nothing_is_refused_and_one_with_snapshots_warned_of(
    changed_server,
):
    assert ids(servers.broker()) == []
    changed_server("appendonly", "no")
    assert ids(servers.broker()) == ["jobs.E022"]
    changed_server("save", "3600 1")
    assert ids(servers.broker()) == ["jobs.W023"]


def test_a_broker_that_is_down_is_not_judged(conf, tmp_path):
    conf["broker_url"] = f"redis+socket://{tmp_path}/nobody.sock"
    assert [*servers.broker()] == []


@pytest.fixture(scope="module")
def locked_server(tmp_path_factory):
    """With a password, TLS and a certificate that nobody knows; its port and certificate."""
    folder, port = tmp_path_factory.mktemp("tls"), free_port()
    cert, key = folder / "cert.pem", folder / "key.pem"
    openssl, program = shutil.which("openssl"), shutil.which("redis-server")
    if not (openssl and program):
        pytest.skip("openssl and redis-server are needed")
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key),
            "-out", str(cert)]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    options = {
        "port": 0, "tls-port": port, "tls-cert-file": cert, "tls-key-file": key,
        "tls-ca-cert-file": cert, "tls-auth-clients": "no", "requirepass": "pw",
        "appendonly": "yes", "dir": folder,
    }  # fmt: skip
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    server = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL)
    address = f"rediss://:pw@127.0.0.1:{port}/0?ssl_ca_certs={cert}"

    def answers():
        assert server.poll() is None, "this server knows no TLS"
        with redis.Redis.from_url(address) as client, suppress(redis.ConnectionError):
            return client.ping()

    eventually(answers)
    yield port, cert
    server.terminate()
    server.wait(10)


@pytest.mark.parametrize(
    ("secret", "options", "expected"),
    [
        (":pw@", "&ssl_ca_certs={cert}", []),
        (":wrong@", "&ssl_ca_certs={cert}", ["jobs.E024"]),
        ("", "&ssl_ca_certs={cert}", ["jobs.E024"]),
        (":pw@", "", ["jobs.E024"]),
    ],
)
def test_a_broker_behind_tls_and_a_password_lets_in_or_says_why_not(
    conf, locked_server, secret, options, expected
):
    port, cert = locked_server
    given = f"rediss://{secret}127.0.0.1:{port}/0?x=1{options.format(cert=cert)}"
    conf["broker_url"] = places.for_kombu(given.replace("x=1&", "").replace("?x=1", ""))
    assert ids(servers.broker()) == expected


def test_a_certificate_that_nobody_looks_at_is_warned_of(conf):
    conf["broker_url"] = "rediss://:pw@broker/0"
    assert ids(celery.broker()) == ["jobs.W026"]
    conf["broker_url"] = places.for_kombu("rediss://:pw@broker/0?db=1")
    assert ids(celery.broker()) == []
    conf["broker_url"] = "rediss://:pw@broker/0?ssl_cert_reqs=CERT_NONE"
    assert ids(celery.broker()) == ["jobs.W026"]


@pytest.mark.parametrize(
    ("address", "is_secret", "expected"),
    [
        ("8.8.8.8", False, ["jobs.E025"]),
        ("2001:4860:4860::8888", False, ["jobs.E025"]),
        ("8.8.8.8", True, []),
        ("10.0.0.7", False, []),
        ("fe80::1%eth0", False, []),
        ("127.0.0.1", False, []),
        ("", False, []),
    ],
)
def test_a_broker_on_a_public_address_needs_a_password(address, is_secret, expected):
    assert ids(servers._openness(address, is_secret=is_secret)) == expected


def test_the_process_that_has_errors_ends_and_says_why(settings, db):
    settings.USE_TZ = False
    with pytest.raises(SystemExit, match=r"the beat does not start(.|\n)*jobs\.E003.*USE_TZ"):
        checks.refuse_bad_setup("beat")


def test_a_silenced_error_is_let_through(settings, db):
    settings.USE_TZ = False
    settings.SILENCED_SYSTEM_CHECKS = ["jobs.E003"]
    checks.refuse_bad_setup("worker")


def test_migrations_are_never_blocked(settings, db):
    settings.USE_TZ = False
    call_command("migrate", check_unapplied=True, verbosity=0)


@pytest.mark.parametrize("role", ["site", "worker", "beat", "web"])
def test_every_role_refuses_an_evicting_server(role, tmp_path):
    place = next(embedded.places(tmp_path))
    server = start_server(place, tmp_path)
    commands = {
        "site": ["manage.py", "start"],
        "worker": ["-m", "celery", "-A", "project", "worker"],
        "beat": ["-m", "celery", "-A", "project", "beat", "--pidfile="],
        "web": ["-c", "import project.asgi"],
    }
    with redis.Redis.from_url(place.url) as client:
        client.config_set("maxmemory-policy", "volatile-lru")
    environment = {
        **os.environ, "DATA_DIR": str(tmp_path), "REDIS_URL": place.url, "BROKER_URL": "",
        "DATABASE_URL": "", "PORT": str(free_port()),
        "DJANGO_SETTINGS_MODULE": "project.settings",
    }  # fmt: skip
    run = subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v", "0"], cwd=settings.BASE_DIR,
        env=environment, check=True,
    )  # fmt: skip
    run = subprocess.run(
        [sys.executable, *commands[role]],
        cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    server.terminate()
    server.wait(10)
    assert run.returncode == 1, run.stdout + run.stderr
    assert f"the {role} does not start with this set-up" in run.stderr
    assert "jobs.E021" in run.stderr


def test_advice_on_pages_is_given_to_sites_without_them(settings):
    assert ids(checks.check_pages()) == []
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = type("Empty", (), {"urlpatterns": []})
    assert ids(checks.check_pages()) == ["jobs.W017", "jobs.W018"]


def test_what_another_app_called_jobs_left_behind_is_refused(db, monkeypatch):
    assert ids(servers.tables()) == []
    monkeypatch.setattr(Job._meta, "db_table", "auth_group")
    assert ids(servers.tables()) == ["jobs.E019"]
    monkeypatch.setattr(Job._meta, "db_table", "jobs_not_made")
    assert ids(servers.tables()) == ["jobs.E019"]


def test_another_app_of_our_label_is_said_by_django(tmp_path, monkeypatch):
    (tmp_path / "hunting").mkdir()
    (tmp_path / "hunting" / "__init__.py").touch()
    config = "from django.apps import AppConfig\nclass C(AppConfig):\n  name='hunting'\n"
    (tmp_path / "hunting" / "apps.py").write_text(f"{config}  label='jobs'\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImproperlyConfigured, match="duplicates: jobs"):
        Apps(["hunting", "jobs"])
