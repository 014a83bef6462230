# ruff: noqa: T201 (printing is what is tested)
"""What a task writes with logging, print and stderr is heard, once, by the right log."""

import io
import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest
from celery.utils.log import get_task_logger
from tqdm import tqdm

from jobs.execution import capture
from jobs.execution.capture import listening
from jobs.execution.log import Log

logger = logging.getLogger("site.tasks")


@pytest.fixture(autouse=True)
def worker() -> Iterator[None]:
    """A process whose loggers let information through, left as it was found."""
    level = logging.root.level
    logging.root.setLevel(logging.INFO)
    yield
    logging.root.setLevel(level)
    capture.uninstall()


@pytest.fixture
def log() -> Log:
    return Log(secrets=["hunter22"])


def lines(log: Log) -> list[tuple[str, str]]:
    return [(level, text) for _, level, text in log.take()[1]]


def test_print_is_info_and_stderr_a_warning_and_both_still_reach_the_console(log, capsys):
    with listening(log):
        print("to", "the", "console")
        print("oh dear", file=sys.stderr)
    assert lines(log) == [("info", "to the console"), ("warning", "oh dear")]
    assert capsys.readouterr() == ("to the console\n", "oh dear\n")


def test_each_level_of_logging_keeps_its_name(log):
    logging.root.setLevel(logging.DEBUG)
    with listening(log):
        for level in (10, 20, 25, 30, 40, 50):
            logger.log(level, "at %d", level)
    assert lines(log) == [
        ("debug", "at 10"),
        ("info", "at 20"),
        ("info", "at 25"),
        ("warning", "at 30"),
        ("error", "at 40"),
        ("critical", "at 50"),
    ]


def test_an_exception_is_logged_with_its_traceback(log):
    with listening(log):
        try:
            raise LookupError("not here")
        except LookupError:
            logger.exception("It went wrong")
    heard = lines(log)
    assert heard[0] == ("error", "It went wrong")
    assert heard[1] == ("error", "Traceback (most recent call last):")
    assert heard[-1] == ("error", "LookupError: not here")


@pytest.mark.parametrize("name", ["celery.task", "a.site.of.its.own"])
def test_a_logger_that_does_not_propagate_is_heard_once(log, name):
    cut_off = logging.getLogger(name)
    before, cut_off.propagate = cut_off.propagate, False
    try:
        with listening(log):
            get_task_logger("project.tasks").info("task logger")
            cut_off.getChild("deep").warning("cut off")
    finally:
        cut_off.propagate = bool(before)
        cut_off.removeHandler(capture._handler)
    assert lines(log) == [("info", "task logger"), ("warning", "cut off")]


def test_a_logger_that_propagates_through_two_of_ours_is_heard_once(log):
    task_logger = logging.getLogger("celery.task")
    task_logger.propagate = False
    with listening(log):
        pass
    task_logger.propagate = True
    with listening(log):
        task_logger.warning("once")
    task_logger.removeHandler(capture._handler)
    assert lines(log) == [("warning", "once")]


def test_a_handler_that_writes_to_our_own_stream_does_not_double(log):
    with listening(log):
        handler = logging.StreamHandler(sys.stdout)
        logging.root.addHandler(handler)
        try:
            logger.warning("once")
        finally:
            logging.root.removeHandler(handler)
    assert lines(log) == [("warning", "once")]


def test_secrets_reach_neither_the_log_nor_the_console(log, capsys):
    console = io.StringIO()
    handler = logging.StreamHandler(console)
    logging.root.addHandler(handler)
    try:
        with listening(log):
            print("the password is hunter22")
            logger.warning("it is %s", "hunter22")
            try:
                raise ValueError("hunter22 is wrong")
            except ValueError:
                logger.exception("failed")
    finally:
        logging.root.removeHandler(handler)
    everything = str(lines(log)) + console.getvalue() + capsys.readouterr().out
    assert "••••" in console.getvalue()
    assert "hunter22" not in everything


def test_the_console_gets_no_escape(log, capsys):
    with listening(log):
        print("\x1b[31mred\x1b[0m \x1b]0;title\x07\u202e")
    assert lines(log) == [("info", "\x1b[31mred\x1b[0m ‹U+202E›")]
    assert capsys.readouterr().out == "red ‹U+202E›\n"


def test_pieces_without_line_end_are_joined_and_come_at_the_end(log, capsys):
    with listening(log):
        for letter in "abc":
            print(letter, end="", flush=True)
        print()
        print("the rest", end="")
    assert lines(log) == [("info", "abc"), ("info", "the rest")]
    assert capsys.readouterr().out == "abc\nthe rest\n"


def test_a_progress_bar_is_one_line(log):
    with listening(log):
        for _ in tqdm(range(100), mininterval=0, desc="bar"):
            pass
    ((level, text),) = lines(log)
    assert level == "warning"
    assert text.startswith("bar: 100%")


def test_the_streams_behave_as_files(log):
    with listening(log):
        assert sys.stdout.write("four") == 4
        assert not sys.stdout.isatty()
        assert sys.stdout.writable()
        assert sys.stdout.encoding
        sys.stdout.writelines([" and", " more\n"])
        assert sys.stdout.buffer.write("büt".encode()[:2]) == 2
        sys.stdout.buffer.write("büt\n".encode()[2:])
        sys.stdout.flush()
        with pytest.raises(TypeError, match="must be str"):
            sys.stdout.write(b"bytes")  # type: ignore[arg-type]
        sys.stdout.close()
        print("not closed")
    assert lines(log) == [("info", "four and more"), ("info", "büt"), ("info", "not closed")]


def test_a_subprocess_can_be_given_the_stream(log, capfd):
    with listening(log):
        subprocess.run(["echo", "from below"], stdout=sys.stdout, check=True)
    assert "from below" in capfd.readouterr().out


def test_nothing_is_heard_when_nobody_listens(log, capsys):
    with listening(log):
        pass
    print("afterwards")
    logger.warning("afterwards")
    assert lines(log) == []
    assert capsys.readouterr().out == "afterwards\n"


WORKER = """
    import logging, os, sys, warnings
    from celery import Celery
    from celery.utils.log import get_task_logger
    from jobs.execution import capture
    from jobs.execution.log import Log

    from django.conf import settings
    settings.INSTALLED_APPS  # whatever it warns of is no word of the task
    app = Celery("site")
    capture.install()  # too early on purpose: Celery replaces all of it
    app.log.setup(loglevel="INFO", redirect_stdouts=True)
    log = Log(secrets=["hunter22"])
    with capture.listening(log):
{words}
    print("after")
    for number, level, text in log.take()[1]:
        os.write(1, f"{{level}}|{{text}}\\n".encode())
"""


def in_a_worker(words: str) -> tuple[list[str], str]:
    """What is heard of these words under Celery's own logging, and its console."""
    indented = textwrap.indent(textwrap.dedent(words), " " * 8)
    code = textwrap.dedent(WORKER.format(words=indented))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines(), done.stderr


def test_under_celerys_own_logging_all_is_heard_once_and_shown_once():
    heard, console = in_a_worker("""
        print("a", "b", 3)
        print("oh", file=sys.stderr)
        logging.getLogger("site").info("from the site")
        get_task_logger("site.tasks").info("from the task, hunter22")
    """)
    shown = [line.rpartition("] ")[2].rpartition(": ")[2] for line in console.splitlines()]
    assert shown == ["a b 3", "oh", "from the site", "from the task, ••••", "after"]
    assert heard == [
        "info|a b 3",
        "warning|oh",
        "info|from the site",
        "info|from the task, ••••",
    ]


def test_a_broken_logging_call_is_told_and_does_no_harm():
    heard, _ = in_a_worker("""
        logging.getLogger("site").info("%d things", "three")
        print("goes on")
    """)
    assert heard[-1] == "info|goes on"
    assert any("%d format: a real number is required" in line for line in heard)


def test_warnings_of_python_are_heard():
    heard, _ = in_a_worker("""
        warnings.warn("old ways", DeprecationWarning)
        warnings.warn("older ways", UserWarning)
    """)
    assert any("older ways" in line for line in heard)
