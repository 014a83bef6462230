"""A body of any length, read piece by piece: one JSON value a line, or an array of them."""

import json
from codecs import getincrementaldecoder
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.translation import gettext as _

from jobs.conf import configuration

from .answers import JSON
from .errors import Refusal, bad_request, too_large
from .parsing import no_number, parsed


class Source(Protocol):
    """A request, or a file."""

    def read(self, size: int = ..., /) -> bytes: ...
    def readline(self, size: int = ..., /) -> bytes: ...


NDJSON = "application/x-ndjson"
_PIECE = 64 * 1024
# What a wish may hold beside its parameters.
_REST = 64 * 1024


def values_of(request: HttpRequest) -> tuple[Any, Iterator[Any] | None]:
    """The body: one value, or a stream of them. Raises a Refusal, also for an array of
    which not even the first value can be read."""
    if request.content_type == NDJSON:
        return None, values_of_lines(request)
    if request.content_type != JSON:
        raise bad_request(_("Send JSON, or a wish in each line as application/x-ndjson."))
    begin = request.read(_PIECE)
    if begin.lstrip().startswith(b"["):
        values = values_of_array(begin, request)
        return None, chain(list(islice(values, 1)), values)
    return parsed(begin + _rest(request, len(begin))), None


def _rest(request: HttpRequest, size: int) -> bytes:
    """What one value may hold beside the first `size` bytes; raises RequestDataTooBig."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    rest = request.read(-1 if most is None else max(0, most - size) + 1)
    if most is not None and size + len(rest) > most:
        raise RequestDataTooBig
    return rest


def longest() -> int:
    """How many bytes one value may take."""
    return configuration().params_max_bytes + _REST


def values_of_lines(source: Source) -> Iterator[Any]:
    """The value of each line that is not empty; a Refusal stands for one that is none."""
    while line := source.readline(longest() + 1):
        if len(line) > longest() and not line.endswith(b"\n"):
            _skip_rest(source)
            yield too_large()
        elif line.strip():
            yield _value(line)


def values_of_array(begin: bytes, source: Source) -> Iterator[Any]:
    """The values of one array that begins with `begin`. Raises a Refusal at what is no JSON:
    nobody knows where the next value would start."""
    text = _Text(begin, source)
    text.expect("[")
    if text.next() == "]":
        return
    while True:
        yield text.value()
        if text.next() == "]":
            return
        text.expect(",")


class _Text:
    """What was read and not yet taken."""

    def __init__(self, begin: bytes, source: Source) -> None:
        self._source = source
        self._raw_decode = json.JSONDecoder(parse_constant=no_number).raw_decode
        # Half a character at the end of a piece waits for the next one.
        # What is no UTF-8 becomes half characters, which are refused in their value.
        self._decode = getincrementaldecoder("utf-8")("surrogateescape").decode
        self._text, self._at = self._decode(begin), 0

    def next(self) -> str:
        """The next character that is not blank; raises a Refusal at the end."""
        while True:
            self._at = _behind_blanks(self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            self._more()

    def expect(self, letter: str) -> None:
        if self.next() != letter:
            raise _no_json()
        self._at += 1

    def value(self) -> Any:
        """Only an object: of a number nobody knows whether it goes on."""
        if self.next() != "{":
            raise bad_request(_("Give an object for each."))
        size = _PIECE
        while True:
            try:
                value, self._at = self._raw_decode(self._text, self._at)
                return value
            except RecursionError:
                raise _no_json() from None
            except ValueError:
                if len(self._text) - self._at > longest():
                    raise too_large() from None
                self._more(size)
                size *= 2  # else a long value would be looked at again and again

    def _more(self, size: int = _PIECE) -> None:
        piece = self._source.read(size)
        if not piece:
            raise _no_json()
        self._text, self._at = self._text[self._at :] + self._decode(piece), 0


def _behind_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _value(line: bytes) -> Any:
    try:
        return parsed(line)
    except Refusal as wrong:
        return wrong


def _skip_rest(source: Source) -> None:
    while (piece := source.readline(_PIECE)) and not piece.endswith(b"\n"):
        pass


def _no_json() -> Refusal:
    return bad_request(_("This is not JSON."))
