"""The composition: what it says, and its very commands against real servers."""

import os
import re
import secrets
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import yaml
from django.conf import settings
from psycopg import sql

from project import settings as site
from project.supervisor import embedded
from tests.postgres import found
from tests.waiting import eventually
from tests.whole.house import House, free_port

BASE = Path(settings.BASE_DIR)
COMPOSE = yaml.safe_load((BASE / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("prepare", "web", "worker", "beat")
DOCKERFILE = (BASE / "Dockerfile").read_text()


def default(text: str) -> str:
    """What compose makes of `${NAME:-default}` without a .env."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def test_all_parts_are_there_and_rabbitmq_only_when_asked_for():
    assert set(SERVICES) == {"postgres", "redis", "rabbitmq", *OURS}
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["rabbitmq"]


def test_no_value_needs_a_file_of_variables():
    text = (BASE / "docker-compose.yml").read_text()
    needed = re.findall(r"\$\{[^}:]*\}|\$\{\w+:\?", text)
    assert needed == []
    assert "env_file" not in text


@pytest.mark.parametrize("name", OURS)
def test_every_variable_that_is_handed_in_is_one_that_the_settings_read(name: str):
    variables = set(SERVICES[name]["environment"])
    assert {"DATABASE_URL", "REDIS_URL"} <= variables
    assert variables - site.env.asked == set()


def test_variables_of_the_image_are_read_too():
    names = set(re.findall(r"^\s+(\w+)=|^ENV (\w+)=", DOCKERFILE, re.M))
    flat = {first or second for first, second in names}
    of_python = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PIP_NO_CACHE_DIR"}
    assert flat - of_python - site.env.asked == set()


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"prepare"}))
def test_everything_that_stays_has_a_health_check(name: str):
    assert SERVICES[name]["healthcheck"]["test"]


def test_the_database_is_migrated_once_and_all_others_wait_for_that():
    assert SERVICES["prepare"]["command"] == ["python", "manage.py", "prepare"]
    for name in ("web", "worker", "beat"):
        needs = SERVICES[name]["depends_on"]
        assert needs["prepare"]["condition"] == "service_completed_successfully"
        assert (
            needs["redis"]["condition"] == needs["postgres"]["condition"] == "service_healthy"
        )


def test_redis_keeps_its_data_evicts_nothing_and_wants_a_password():
    command = " ".join(map(default, SERVICES["redis"]["command"]))
    assert "--appendonly yes --appendfsync everysec" in command
    assert "--maxmemory-policy noeviction" in command
    assert "--requirepass batuta" in command
    assert SERVICES["redis"]["volumes"] == ["redis:/data"]
    assert "ports" not in SERVICES["redis"] and "ports" not in SERVICES["postgres"]


def test_nothing_stands_in_the_way_of_two_beats():
    assert "container_name" not in SERVICES["beat"] and "ports" not in SERVICES["beat"]


def test_the_image_runs_as_nobody_special_and_holds_no_data_of_a_developer():
    assert re.search(r"^USER batuta$", DOCKERFILE, re.M)
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.M)
    assert copied == ["requirements.txt", "manage.py", "jobs", "project", "templates"]


# --- By hand, against real servers -------------------------------------------------------


@pytest.fixture
def database() -> Iterator[str]:
    """A database of its own on a real PostgreSQL."""
    server = found()
    if not server:
        pytest.skip("no PostgreSQL is reachable: set TEST_DATABASE_URL")
    name = f"test_batuta_compose_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield server.rpartition("/")[0] + f"/{name}"
        link.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The server of the composition, with its own arguments, on a free port."""
    port, password = free_port(), secrets.token_hex(8)
    arguments = [default(part) for part in SERVICES["redis"]["command"][1:]]
    arguments = [password if part == "batuta" else part for part in arguments]
    process = subprocess.Popen(
        [embedded.program(), *arguments, "--port", str(port), "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    eventually(lambda: answers(url))
    yield url
    process.terminate()
    process.wait(10)


def answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture
def house(tmp_path: Path, database: str, server: str) -> Iterator[House]:
    """The environment of the composition, with real servers in the place of its own."""
    house = House(tmp_path / "data", DATABASE_URL=database, REDIS_URL=server)
    for name, value in SERVICES["web"]["environment"].items():
        house.environment.setdefault(name, default(value))
    house.environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    house.environment["HOSTNAME"] = os.uname().nodename
    yield house
    house.tear_down()


def run(house: House, command: list[str]) -> str:
    """What the command of a service says, run to its end."""
    return subprocess.run(
        command, cwd=BASE, env=house.environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def healthcheck_of(service: str) -> list[str]:
    kind, *words = SERVICES[service]["healthcheck"]["test"]
    if kind == "CMD-SHELL":
        return ["sh", "-c", default(words[0]).replace("$$", "$")]
    return list(words)


def start(house: House, service: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        SERVICES[service]["command"],
        cwd=BASE,
        env=house.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_the_commands_of_the_composition_run_on_real_servers(house: House):
    prepare = SERVICES["prepare"]["command"]
    assert "First admin: admin, password: " in run(house, prepare)
    running = [start(house, service) for service in ("worker", "beat", "beat", "web")]
    eventually(lambda: '"status": "ready"' in house.get("/readyz"), 60, 0.2)
    assert static_file_of(house).startswith("/static/jobs/css/")
    assert "First admin" not in run(house, prepare)
    for name in ("worker", "beat"):
        assert "1 node online" in run(house, healthcheck_of(name))
    probe = [part.replace(":8000", f":{house.port}") for part in healthcheck_of("web")]
    run(house, probe)
    for process in running:
        process.terminate()
    *workers, web = [process.wait(20) for process in running]
    # uvicorn ends in order, and then as one that was asked to end.
    assert (workers, web) == ([0, 0, 0], -signal.SIGTERM)


def static_file_of(house: House) -> str:
    """The address of the stylesheet of the login page, once it has been fetched."""
    page = house.get("/login/")
    match = re.search(r'href="(/static/jobs/css/[^"]+)"', page)
    assert match, page
    with urllib.request.urlopen(house.url + match[1]) as style:
        assert style.status == 200
        assert "immutable" in style.headers["Cache-Control"]
    return match[1]
