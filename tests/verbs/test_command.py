"""Commands are heard while they run, and nothing of them outlives their job."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from jobs.execution.command import CommandFailed, CommandTimedOut, run_command
from jobs.execution.log import Log
from tests.waiting import eventually

# Ignores SIGTERM, and has a grandchild in a session of its own whose parent is gone.
STUBBORN = """
trap '' TERM
(setsid sh -c 'trap "" TERM; echo $$ > "$0/escaped"; while :; do sleep 1; done' "$0" &)
echo $$ > "$0/direct"
while :; do sleep 1; done
"""


@pytest.fixture
def log() -> Log:
    return Log(secrets=["hunter22"])


def lines(log: Log) -> list[tuple[str, str]]:
    return [(level, text) for _, level, text in log.take()[1]]


def lives(process: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def number_in(file: Path) -> int:
    eventually(lambda: file.exists() and file.read_text().strip())
    return int(file.read_text())


def test_stdout_is_info_and_stderr_warning_line_by_line(log):
    done = run_command(["sh", "-c", "echo out; echo err >&2; echo; printf 'no end'"], log=log)
    assert done.returncode == 0
    heard = lines(log)
    assert [text for level, text in heard if level == "info"] == ["out", "", "no end"]
    assert [text for level, text in heard if level == "warning"] == ["err"]
    assert set(done.lines) == {"out", "", "no end", "err"}


def test_lines_are_heard_while_the_command_still_runs(log, tmp_path):
    heard: list[str] = []
    go_on = tmp_path / "go on"

    def stop() -> bool:
        heard.extend(text for _, text in lines(log))
        if heard == ["first"]:
            go_on.touch()
        return False

    script = 'echo first; until [ -e "$0" ]; do sleep 0.05; done; echo second'
    run_command(["sh", "-c", script, str(go_on)], log=log, stop=stop)
    assert heard + [text for _, text in lines(log)] == ["first", "second"]


def test_words_reach_the_program_as_they_are_and_no_shell_reads_them(log):
    words = ["a b", "$HOME", "; echo no", "--flag=*", "", "é"]
    run_command([sys.executable, "-c", "import sys; print(sys.argv[1:])", *words], log=log)
    assert lines(log) == [("info", str(words))]


@pytest.mark.parametrize(
    ("argv", "error"),
    [("ls -l", TypeError), (b"ls", TypeError), ([], ValueError), (["ls", 5], TypeError)],
)
def test_a_command_that_is_no_list_of_words_is_refused(log, argv, error):
    with pytest.raises(error):
        run_command(argv, log=log)


def test_a_program_that_is_not_there_is_named(log):
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        run_command(["no-such-program"], log=log)
    with pytest.raises(FileNotFoundError, match="no-such-folder"):
        run_command(["ls"], log=log, cwd="/no-such-folder")
    with pytest.raises(PermissionError):
        run_command(["/etc/passwd"], log=log)


def test_a_failure_tells_program_code_and_last_lines_without_secrets(log):
    script = "for i in $(seq 30); do echo line $i; done; echo hunter22 >&2; exit 3"
    with pytest.raises(CommandFailed) as failure:
        run_command(["sh", "-c", script], log=log)
    assert (failure.value.program, failure.value.returncode) == ("sh", 3)
    assert str(failure.value).startswith("sh ended with code 3.\nline 2")
    assert "••••" in str(failure.value)
    assert "hunter22" not in str(failure.value) + str(lines(log))


def test_a_failure_can_be_a_plain_answer(log):
    assert run_command(["sh", "-c", "exit 3"], log=log, check=False).returncode == 3
    assert run_command(["sh", "-c", "kill -9 $$"], log=log, check=False).returncode == -9


def test_a_program_reads_its_input_and_nothing_else(log):
    run_command(["cat"], log=log, input="é one\ntwo\n")
    run_command(["wc", "-c"], log=log, input=b"x" * 1_000_000)
    run_command(["cat"], log=log)
    assert lines(log) == [("info", "é one"), ("info", "two"), ("info", "1000000")]


def test_a_program_that_does_not_read_its_input_is_no_fault(log):
    done = run_command(["head", "-c", "3"], log=log, input=b"y" * 5_000_000)
    assert done.lines == ("yyy",)


def test_directory_and_environment_are_given(log, tmp_path):
    env = {"PATH": os.environ["PATH"], "WORD": "given"}
    run_command(["sh", "-c", "pwd; echo $WORD$HOME"], log=log, cwd=tmp_path, env=env)
    assert lines(log) == [("info", str(tmp_path)), ("info", "given")]


def test_progress_bars_bad_bytes_and_escapes_are_harmless(log):
    script = r"printf '\r10%%\r20%%\n'; printf '\377\000\033]0;t\007\033[1mbold\033[0m\n'"
    run_command(["sh", "-c", script], log=log)
    assert lines(log) == [("info", "20%"), ("info", "�␀\x1b[1mbold\x1b[0m")]


def test_a_flood_is_bounded_and_can_be_stopped(log):
    started = time.monotonic()
    done = run_command(["yes"], log=log, stop=lambda: time.monotonic() > started + 0.3)
    assert done.returncode == -signal.SIGTERM
    assert len(done.lines) == 100
    assert len(lines(log)) <= 20_001
    assert log.not_kept > 0


def test_a_line_without_end_takes_no_memory(log):
    done = run_command(["head", "-c", "30000000", "/dev/zero"], log=log)
    (line,) = done.lines
    assert len(line) == 8192


def test_stop_ends_it_gently_first(log):
    script = "trap 'echo good bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    heard: list[tuple[str, str]] = []

    def stop() -> bool:
        heard.extend(lines(log))
        return ("info", "up") in heard

    done = run_command(["sh", "-c", script], log=log, stop=stop)
    assert done.returncode == 0
    assert lines(log)[-1] == ("info", "good bye")


def test_stop_kills_what_does_not_listen_and_what_tried_to_get_away(log, tmp_path):
    def both_are_up() -> bool:
        return all((tmp_path / name).exists() for name in ("direct", "escaped"))

    done = run_command(
        ["sh", "-c", STUBBORN, str(tmp_path)], log=log, stop=both_are_up, grace_seconds=0.2
    )
    assert done.returncode == -signal.SIGKILL
    assert not lives(number_in(tmp_path / "direct"))
    assert not lives(number_in(tmp_path / "escaped"))


def test_a_timeout_ends_it_and_says_so(log):
    with pytest.raises(CommandTimedOut, match="sleep took too long"):
        run_command(["sleep", "60"], log=log, timeout=0.2)


class Paused(BaseException):
    """As the engine's: no `except Exception` catches it."""


def test_whatever_interrupts_the_caller_ends_the_command_before_it_goes_on(log, tmp_path):
    def stop() -> bool:
        if (tmp_path / "escaped").exists():
            raise Paused
        return False

    argv = ["sh", "-c", STUBBORN, str(tmp_path)]
    with pytest.raises(Paused):
        run_command(argv, log=log, stop=stop, grace_seconds=0.2)
    assert not lives(number_in(tmp_path / "direct"))
    assert not lives(number_in(tmp_path / "escaped"))


def test_a_signal_that_raises_in_the_caller_ends_the_command(log, tmp_path):
    """As Celery's soft time limit does."""

    def too_late(number: int, frame: object) -> None:
        raise TimeoutError("soft limit")

    before = signal.signal(signal.SIGUSR1, too_late)
    try:
        script = 'echo $$ > "$0"; kill -USR1 $1; exec sleep 60'
        argv = ["sh", "-c", script, str(tmp_path / "pid"), str(os.getpid())]
        with pytest.raises(TimeoutError, match="soft limit"):
            run_command(argv, log=log)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert not lives(number_in(tmp_path / "pid"))


def test_a_daemon_that_a_command_leaves_behind_ends_with_it(log, tmp_path):
    script = """
        (setsid sh -c 'echo $$ > "$0/pid"; exec sleep 60' "$0" &)
        until [ -s "$0/pid" ]; do sleep 0.02; done
        echo done
    """
    done = run_command(["sh", "-c", script, str(tmp_path)], log=log)
    assert (done.returncode, done.lines) == (0, ("done",))
    assert not lives(number_in(tmp_path / "pid"))


def test_a_worker_that_is_killed_takes_its_commands_along(tmp_path):
    code = f"""
        from jobs.execution.command import run_command
        from jobs.execution.log import Log
        argv = ["sh", "-c", {STUBBORN!r}, {str(tmp_path)!r}]
        run_command(argv, log=Log(), grace_seconds=0.2)
    """
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    worker = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], env=env)
    direct, escaped = number_in(tmp_path / "direct"), number_in(tmp_path / "escaped")
    assert lives(direct) and lives(escaped)
    worker.kill()
    worker.wait()
    eventually(lambda: not lives(direct) and not lives(escaped))


def test_two_threads_run_commands_at_once():
    logs = [Log(), Log()]

    def work(log: Log, name: str) -> None:
        run_command(["sh", "-c", f"for i in 1 2 3; do echo {name}; sleep 0.05; done"], log=log)

    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(logs, "ab", strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [[text for _, text in lines(log)] for log in logs] == [["a"] * 3, ["b"] * 3]


def test_no_descriptor_and_no_process_is_left(log):
    run_command(["true"], log=log)
    before = sorted(os.listdir("/proc/self/fd"))
    for _ in range(3):
        run_command(["true"], log=log)
        with pytest.raises(FileNotFoundError):
            run_command(["no-such-program"], log=log)
        with pytest.raises(FileNotFoundError):
            run_command(["ls"], log=log, cwd="/no-such-folder")
    assert sorted(os.listdir("/proc/self/fd")) == before
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert not [
        child for child in children if b"warden" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
