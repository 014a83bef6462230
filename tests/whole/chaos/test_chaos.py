"""The chaos as a test. Each run is a program of its own: it has its own settings,
database and broker."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tests.postgres import found, reachable
from tests.rabbitmq import LIKELY
from tests.rabbitmq import reachable as rabbitmq_answers

RABBITMQ = os.environ.get("TEST_RABBITMQ_URL", LIKELY)
# Beyond the time of hurting: to start, to recover, and to give up what is stuck.
MORE_SECONDS = 400


def chaos(seconds: float, seed: int, *options: str) -> None:
    told = ["--seconds", str(seconds), "--seed", str(seed), *options]
    run("tests.whole.chaos", *told, seconds=seconds)


def run(module: str, *options: str, seconds: float = 0.0) -> None:
    command = [sys.executable, "-m", module, *options]
    kept = {key: val for key, val in os.environ.items() if not key.startswith("BATUTA_")}
    done = subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env=kept,
        capture_output=True,
        text=True,
        timeout=seconds + MORE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-4000:]}"


def postgresql() -> tuple[str, str]:
    if not (url := found()) or not reachable(url):
        pytest.skip("no PostgreSQL was found")
    return "--database", url


def rabbitmq() -> tuple[str, str]:
    if not rabbitmq_answers(RABBITMQ):
        pytest.skip("no RabbitMQ was found")
    return "--broker", RABBITMQ


def test_no_job_is_lost_stuck_or_done_twice_whatever_dies():
    chaos(60, 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3])
def test_other_faults_in_another_order(seed):
    chaos(120, seed)


@pytest.mark.long
def test_the_same_on_postgresql():
    chaos(120, 4, *postgresql())


@pytest.mark.long
def test_the_same_on_postgresql_and_rabbitmq():
    chaos(120, 5, *postgresql(), *rabbitmq())


STACKS = {
    "SQLite and the embedded server": tuple,
    "PostgreSQL and the embedded server": postgresql,
    "PostgreSQL and RabbitMQ": lambda: (*postgresql(), *rabbitmq()),
}


@pytest.mark.long
@pytest.mark.parametrize("stack", STACKS)
def test_after_each_fault_alone_all_is_well_again(stack):
    run("tests.whole.chaos.single", "--times", "1", *STACKS[stack]())
