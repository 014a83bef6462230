"""Parameters as words of a shell: `x=2 names=ann names=bob table=@file.csv size:={"w":3}`."""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from jobs.models import content_type_of
from jobs.params import Parameters, Upload, takes_files, takes_several

from .people import USAGE

_WORD = re.compile(r"(?P<name>[^=:]+)(?P<how>:?=)(?P<value>.*)", re.DOTALL)


def given(parameters: Parameters, words: Iterable[str], whole: str) -> dict[str, Any]:
    """The values by their names: text, which the task's own types make of it what they
    are; JSON after `:=`; a file after `=@` where the task takes one. `whole` is a JSON
    object with values that the words override; `-` reads it from standard input."""
    found = _object(sys.stdin.read() if whole == "-" else whole)
    lists, files = takes_several(parameters.schema), takes_files(parameters.schema)
    said: set[str] = set()
    for word in words:
        name, value = _read(word, files)
        if name in lists and not isinstance(value, list):
            value = [*(found[name] if name in said else []), value]
        elif name in said:
            raise _wrong(f"{name} was given twice.")
        said.add(name)
        found[name] = value
    return found


def _read(word: str, files: set[str]) -> tuple[str, Any]:
    match = _WORD.fullmatch(word)
    if match is None:
        raise _wrong(f"{word!r} is not of the form name=value.")
    name, value = match["name"], match["value"]
    if match["how"] == ":=":
        return name, _json(name, value)
    return name, _upload(value[1:]) if name in files and value[:1] == "@" else value


class LocalFile(Upload):
    """A file of this machine, as a browser would send it; it stays where it is."""

    def __init__(self, path: Path) -> None:
        kind = content_type_of("", path.name)
        super().__init__(path.open("rb"), path.name, kind, path.stat().st_size)
        self.path = path


def _upload(path: str) -> LocalFile:
    try:
        return LocalFile(Path(path))
    except OSError as problem:
        raise _wrong(f"{path}: {problem.strerror}.") from None


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as wrong:
        raise _wrong(f"{name} is not JSON: {wrong}") from None


def _object(text: str) -> dict[str, Any]:
    values = _json("--params", text)
    if not isinstance(values, dict):
        raise _wrong("--params is a JSON object: names with their values.")
    return values


def _wrong(text: str) -> CommandError:
    return CommandError(text, returncode=USAGE)
