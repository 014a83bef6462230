"""The environment, typed: what is given is what is meant, or an error says so."""

import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from project import places
from project.databases import database
from project.environment import Environment


def given(**values: str) -> Environment:
    return Environment(values)


def test_an_empty_value_counts_as_not_given():
    assert given(PORT="").number("PORT", default=8000, low=1, high=65535) == 8000
    assert given(DEBUG=" ").flag("DEBUG", default=True) is True
    assert given(A="", B="b").text("A", "B", default="c") == "b"


@pytest.mark.parametrize("text", ["0", "65536", "eight", "80.5", "-1", "٣"])
def test_a_wrong_port_names_the_variable_and_what_was_expected(text):
    with pytest.raises(ImproperlyConfigured, match="PORT must be a whole number from 1 to"):
        given(PORT=text).number("PORT", default=8000, low=1, high=65535)


def test_a_wrong_flag_is_not_taken_for_false():
    assert given(DEBUG="On").flag("DEBUG", default=False) is True
    assert given(DEBUG="no").flag("DEBUG", default=True) is False
    with pytest.raises(ImproperlyConfigured, match="DEBUG must be 1 or 0"):
        given(DEBUG="maybe").flag("DEBUG", default=True)


def test_an_unknown_choice_names_the_nearest():
    with pytest.raises(ImproperlyConfigured, match="did you mean Europe/Madrid"):
        given(TZ="Europe/Madird").choice("TZ", default="UTC", among=["UTC", "Europe/Madrid"])


@pytest.mark.parametrize("origin", ["*", "https://*.a.org", "a.org", "https://a.org/x"])
def test_origins_are_exact(origin):
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_ORIGINS"):
        given(TRUSTED_ORIGINS=f"https://ok.org:8443,{origin}").origins("TRUSTED_ORIGINS")


def test_an_error_about_a_url_does_not_print_its_password():
    with pytest.raises(ImproperlyConfigured, match="BROKER_URL must be") as error:
        given(BROKER_URL="sqs://me:hush@x").url(
            "NEW", "BROKER_URL", default="", schemes=places.BROKER_SCHEMES
        )
    assert "hush" not in str(error.value)


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match="DATA_DIR must be a folder"):
        given(DATA_DIR=str(tmp_path / "file" / "x")).folder("DATA_DIR", default=tmp_path)


def test_a_new_folder_is_closed_to_others(tmp_path):
    made = given(DATA_DIR=str(tmp_path / "a" / "b")).folder("DATA_DIR", default=tmp_path)
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


@dataclass
class Shape:
    lease_seconds: float = 12.0
    kept: int = 3
    exclude: tuple[str, ...] = ()
    mode: Literal["adopt", "refuse"] = "adopt"


def test_settings_of_a_dataclass_are_read_as_their_types():
    env = given(X_LEASE_SECONDS="1.5", X_KEPT="7", X_EXCLUDE="a.*, b", X_MODE="refuse")
    assert env.settings_of(Shape, "X_") == {
        "X_LEASE_SECONDS": 1.5, "X_KEPT": 7, "X_EXCLUDE": ("a.*", "b"), "X_MODE": "refuse",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("X_LEASE_SECONDS", "soon", "a number of seconds greater than 0"),
        ("X_LEASE_SECONDS", "0", "a number of seconds greater than 0"),
        ("X_KEPT", "1.5", "a whole number"),
        ("X_MODE", "adapt", "did you mean adopt"),
        ("X_LEASE_SECOND", "1", "Did you mean X_LEASE_SECONDS"),
    ],
)
def test_a_wrong_setting_of_a_dataclass_says_what_was_expected(name, text, said):
    with pytest.raises(ImproperlyConfigured, match=said):
        given(**{name: text}).settings_of(Shape, "X_")


def test_sqlite_gets_the_options_that_keep_it_from_locking():
    described = database(given(), default="sqlite:////tmp/x.sqlite3")
    assert described["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in described["OPTIONS"]["init_command"]
    assert described["OPTIONS"]["timeout"] == 20


def test_postgresql_keeps_what_its_url_says():
    url = "postgresql://me:a%40b@db:5433/jobs?sslmode=require"
    described = database(given(DATABASE_URL=url), default="")
    assert described["ENGINE"] == "django.db.backends.postgresql"
    assert (described["PASSWORD"], described["PORT"]) == ("a@b", 5433)
    assert described["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize("url", ["mysql://me:hush@x/db", "oracle://x/y", "nonsense"])
def test_other_databases_are_refused_in_words(url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must be postgresql") as error:
        database(given(DATABASE_URL=url), default="")
    assert "hush" not in str(error.value)


@pytest.mark.parametrize(
    ("redis", "kombu"),
    [
        ("unix:///data/redis.sock?db=0", "redis+socket:///data/redis.sock?virtual_host=0"),
        ("unix://:pw@/d/s?db=3", "redis+socket://:pw@/d/s?virtual_host=3"),
        ("redis://:pw@h:6379/0", "redis://:pw@h:6379/0"),
    ],
)
def test_a_socket_is_spelled_as_each_library_wants_it(redis, kombu):
    assert places.for_kombu(redis) == kombu
    assert places.for_redis(kombu) == redis


def test_the_secret_key_is_made_once_and_closed_to_others(tmp_path):
    path = tmp_path / "secret_key"
    first = places.kept_secret(path)
    assert len(first) >= 50
    assert places.kept_secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_running_embedded_server_is_found_by_its_note(tmp_path):
    assert places.embedded_url(tmp_path) == f"unix://{tmp_path}/redis.sock"
    places.embedded_note(tmp_path).write_text('{"url": "unix:///tmp/elsewhere.sock"}')
    assert places.embedded_url(tmp_path) == "unix:///tmp/elsewhere.sock"


def ask(expression: str, tmp_path: Path, **values: str) -> subprocess.CompletedProcess[str]:
    """What the site's settings say in a process with this environment."""
    names = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")
    clean = {name: os.environ[name] for name in names if name in os.environ}
    code = f"from project import settings as s; print({expression})"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={**clean, "ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path), **values},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_names_of_the_seeds_are_read(tmp_path):
    said = ask(
        "s.CELERY_BROKER_URL, s.CELERY_WORKER_CONCURRENCY, s.CELERY_TASK_TIME_LIMIT",
        tmp_path,
        RABBITMQ_URL="amqp://me@rabbit:5672//",
        MAX_CONCURRENT_JOBS="3",
        JOB_TIMEOUT="7200",
    )
    assert said.stdout.strip() == "amqp://me@rabbit:5672// 3 7200.0", said.stderr


def test_broker_url_wins_over_its_other_names(tmp_path):
    urls = {"BROKER_URL": "redis://a/0", "CELERY_BROKER_URL": "redis://b/0"}
    assert ask("s.CELERY_BROKER_URL", tmp_path, **urls).stdout.strip() == "redis://a/0"


@pytest.mark.parametrize("name", ["BROKER_URL", "CELERY_BROKER_URL"])
def test_celerys_command_takes_a_socket_as_everything_else_does(tmp_path, name):
    """Its option `--broker` reads BROKER_URL, and wins over all settings."""
    told = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "project", "inspect", "ping", "-t", "1"],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "ENV_FILE": os.devnull,
            "DATA_DIR": str(tmp_path),
            "BROKER_URL": "",
            name: f"unix://{tmp_path}/nobody.sock",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"Error 2 connecting to {tmp_path}/nobody.sock" in told.stderr


def test_without_urls_nothing_of_this_machine_is_used(tmp_path):
    said = ask("s.REDIS_URL, s.CELERY_BROKER_URL, s.DATABASES['default']['NAME']", tmp_path)
    assert said.stdout.count(str(tmp_path)) == 3, said.stderr


def test_the_web_is_offered_to_this_machine_alone_until_told_otherwise(tmp_path):
    expression = "s.BIND_ADDRESS, s.DEBUG, '*' in s.ALLOWED_HOSTS"
    assert ask(expression, tmp_path).stdout.strip() == "127.0.0.1 False False"


def test_nothing_that_was_typed_begins_a_record_of_the_log(tmp_path):
    typed = "x\r\n2026-08-22 ERROR root: fake\x1b[2J\x1b[31m\x9b31m\u2028\u202e"
    code = (
        f"__import__('django').setup(), __import__('logging').getLogger('a').error({typed!r}),"
        f" __import__('logging').getLogger('a').error('%s', 1, exc_info=ValueError({typed!r}))"
    )
    said = ask(code, tmp_path, DJANGO_SETTINGS_MODULE="project.settings").stderr
    records = [line for line in said.splitlines() if not line.startswith("    ")]
    assert [" ERROR a: " in line for line in records] == [True, True], said
    assert "fake" in said and not set("\x1b\x9b\u202e\r") & set(said)


def test_cookies_are_for_tls_once_an_origin_is(tmp_path):
    expression = "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0"
    safe = ask(expression, tmp_path, TRUSTED_ORIGINS="https://jobs.example.org")
    assert safe.stdout.strip() == "True True True"
    assert ask(expression, tmp_path).stdout.strip() == "False False False"


def test_the_environment_wins_over_the_file(tmp_path):
    file = tmp_path / "some.env"
    file.write_text("PORT=1234\nADMIN_USERNAME=filed\nTIME_ZONE=\n")
    said = ask("s.PORT, s.ADMIN_USERNAME, s.TIME_ZONE", tmp_path, ENV_FILE=str(file), PORT="99")
    assert said.stdout.strip() == "99 filed UTC", said.stderr


def test_a_wrong_variable_stops_manage_py_with_one_line(tmp_path):
    run = subprocess.run(
        [sys.executable, "manage.py", "start"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "PORT": "many"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr == "Error: PORT must be a whole number from 1 to 65535, not 'many'.\n"


def test_files_lie_in_a_folder_or_in_a_bucket():
    assert places.files("") is places.FOLDER
    found = places.files("s3://bucket/a/b?region_name=eu-1&endpoint_url=https://s3.example.org")
    assert found["BACKEND"] == "storages.backends.s3.S3Storage"
    assert found["OPTIONS"] == {
        "bucket_name": "bucket",
        "location": "a/b",
        "region_name": "eu-1",
        "endpoint_url": "https://s3.example.org",
        "file_overwrite": False,
    }


@pytest.mark.parametrize("url", ["bucket", "http://bucket", "s3://", "s3://key:secret@bucket"])
def test_a_wrong_place_for_files_is_refused_without_its_content(url):
    with pytest.raises(ImproperlyConfigured, match="FILES_URL must be s3://") as error:
        places.files(url)
    assert "secret" not in str(error.value)
