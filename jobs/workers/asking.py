"""A question to one worker, over the broker. It is answered within a bound that holds
whatever hangs, and silence is an answer too: "asked, and heard nothing"."""

import ast
import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from celery import current_app
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from jobs import sanitize

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0
"""How long a worker may take to answer, and the broker to be reached."""

MOST_AT_ONCE = 16
"""Questions of this process that may be open: a broker that hangs keeps each for a while."""

LONGEST_WORDS = 500
_open = threading.BoundedSemaphore(MOST_AT_ONCE)
# `ValueError('Autoscale not enabled')`: how Celery tells of what went wrong.
_ERROR = re.compile(r"\w+\((?P<said>(['\"]).*\2),?\)", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """What became of a question: heard and done, heard and refused, or not heard."""

    is_heard: bool = False
    said: Any = None
    problem: str = ""
    """In words, why it was not done; "" when it was."""

    @property
    def is_done(self) -> bool:
        return self.is_heard and not self.problem


def ask(name: str, command: str, arguments: Mapping[str, Any] | None = None) -> Answer:
    """Have the worker `name` carry out one of its control commands."""
    if not _open.acquire(blocking=False):
        return Answer(problem=_("Too many questions are open; try again in a moment."))
    heard: SimpleQueue[Answer] = SimpleQueue()
    # A thread begins in the language of the site, not in that of who asks.
    language = get_language()

    def converse() -> None:
        try:
            with override(language):
                heard.put(_answered(name, command, arguments or {}))
        finally:
            _open.release()

    threading.Thread(target=converse, name="batuta-asking", daemon=True).start()
    try:
        return heard.get(timeout=2 * PATIENCE_SECONDS)
    except Empty:
        return Answer(problem=_("The broker does not answer."))


def _answered(name: str, command: str, arguments: Mapping[str, Any]) -> Answer:
    try:
        return _converse(name, command, arguments)
    except Exception as error:  # whatever a transport raises that cannot reach its server
        logger.warning("Worker %s could not be asked: %s", name, error)
        return Answer(problem=_("The broker does not answer."))


def _converse(name: str, command: str, arguments: Mapping[str, Any]) -> Answer:
    # A connection of its own: one that hangs must not be missing where jobs are published.
    with current_app.connection_for_write(connect_timeout=PATIENCE_SECONDS) as link:
        link.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE_SECONDS)
        mailbox = current_app.control.mailbox(link)
        mailbox.producer_pool = None
        channel, patience = link.default_channel, PATIENCE_SECONDS
        replies = mailbox.call([name], command, dict(arguments), patience, channel=channel)
    found = [reply[name] for reply in replies or () if name in reply]
    return answer_of(found[0]) if found else _unheard()


def _unheard() -> Answer:
    told = _("It was asked, and gave no answer within %(seconds)g s.")
    return Answer(problem=told % {"seconds": PATIENCE_SECONDS})


def answer_of(reply: Any) -> Answer:
    """What a worker replied: `{"ok": …}`, `{"error": …}`, or what was asked for itself."""
    if isinstance(reply, Mapping) and set(reply) == {"error"}:
        return Answer(is_heard=True, problem=_in_words(str(reply["error"])))
    if isinstance(reply, Mapping) and set(reply) == {"ok"}:
        reply = sanitize.text(str(reply["ok"]), LONGEST_WORDS)
    return Answer(is_heard=True, said=reply)


def _in_words(error: str) -> str:
    if match := _ERROR.fullmatch(error):
        error = str(ast.literal_eval(match["said"]))
    elif error.startswith("KeyError("):
        error = _("It does not know this command: it runs other code, or older code.")
    return sanitize.text(error, LONGEST_WORDS)
