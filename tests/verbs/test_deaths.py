"""What is said of a process that died, by what the kernel and its last look tell."""

import os

import pytest
from celery.exceptions import WorkerLostError

from jobs.execution import deaths
from jobs.execution.deaths import cause_of_death, look

KILLED = WorkerLostError("Worker exited prematurely: signal 9 (SIGKILL) Job: 7.")


class Kernel:
    """Its files, as it would write them."""

    def __init__(self, folder, version):
        (folder / "self").mkdir()
        group = folder / {1: "memory/group", 2: "group"}[version]
        group.mkdir(parents=True)
        lines = {1: "4:memory:/group\n0::/", 2: "0::/group"}[version]
        (folder / "self/cgroup").write_text(lines)
        self.group = group / {1: "memory.oom_control", 2: "memory.events"}[version]
        self.machine = folder / "vmstat"
        self.counts(0, 0)

    def counts(self, group, machine):
        self.group.write_text(f"oom 1\noom_kill {group}\n")
        self.machine.write_text(f"pgfault 12\noom_kill {machine}\n")


@pytest.fixture(params=[1, 2])
def kernel(request, tmp_path, monkeypatch):
    monkeypatch.setattr(deaths, "PROC", tmp_path)
    monkeypatch.setattr(deaths, "GROUPS", tmp_path)
    deaths._counts.clear()
    made = Kernel(tmp_path, request.param)
    look()
    return made


def test_the_kernel_ended_one_of_this_container(kernel):
    kernel.counts(1, 1)
    assert "of this container for lack of memory" in cause_of_death(KILLED)


def test_the_kernel_ended_one_somewhere_on_the_machine(kernel):
    kernel.counts(0, 1)
    assert "of this machine for lack of memory" in cause_of_death(KILLED)


def test_a_kill_that_the_kernel_does_not_count_was_somebodys(kernel):
    words = cause_of_death(KILLED)
    assert words.startswith("Its worker process died: signal 9 (SIGKILL).")
    assert "Not for lack of memory" in words


def test_what_the_kernel_did_long_ago_explains_nothing_nor_does_it_twice(kernel):
    kernel.counts(3, 3)
    for _ in range(deaths.LOOKS):
        look()
    assert "Not for lack of memory" in cause_of_death(KILLED)
    kernel.counts(4, 4)
    assert "of this container" in cause_of_death(KILLED)
    assert "Not for lack of memory" in cause_of_death(KILLED)


def test_where_the_kernel_tells_nothing_that_is_said(kernel):
    kernel.group.unlink()
    kernel.machine.unlink()
    deaths._counts.clear()
    assert "that is not known" in cause_of_death(KILLED)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("signal 11 (SIGSEGV)", "compiled code"),
        ("exitcode 3", "It ended itself"),
        ("signal 15 (SIGTERM)", "died: signal 15 (SIGTERM)."),
    ],
)
def test_other_deaths(how, words):
    error = WorkerLostError(f"Worker exited prematurely: {how} Job: 7.")
    assert words in cause_of_death(error) and "memory" not in cause_of_death(error)


def test_the_memory_that_it_held_is_told():
    class Request:
        lease, worker_pid = "mine", os.getpid()

    look([Request()])
    assert "MB when it was last seen" in cause_of_death(KILLED, "mine")
    assert "MB" not in cause_of_death(KILLED, "another")
    look()
    assert "MB" not in cause_of_death(KILLED, "mine")
