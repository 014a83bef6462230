"""What a job was given and gave back, as lines and JSON that people can read."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jobs.params import MASK
from jobs.params.file import KEPT

_MOST_CHARS = 50_000


@dataclass(frozen=True)
class Value:
    """One named value. `kind` is text, secret, files, json (text is indented) or none."""

    name: str
    text: str
    kind: str
    files: tuple[tuple[str, str], ...] = ()
    """(id, name) of each file."""
    errors: tuple[str, ...] = ()
    """Why it does not fit the task."""

    @property
    def is_cut(self) -> bool:
        return len(self.text) > _MOST_CHARS

    @property
    def shown(self) -> str:
        return self.text[:_MOST_CHARS]


def values(found: Mapping[str, Any], files: Mapping[str, str] | None = None) -> list[Value]:
    """Lines to show; `files` gives the names of artifacts by their ids."""
    return [_value(str(name), value, files or {}) for name, value in found.items()]


def judged(found: list[Value], errors: Mapping[str, list[str]]) -> list[Value]:
    """With what is wrong beside each; also of what was not given, and of the whole."""
    named = {value.name for value in found}
    missing = [Value(name, "", "none") for name in errors if name not in named]
    return [
        replace(value, errors=tuple(errors.get(value.name, ()))) for value in found + missing
    ]


def in_short(found: Mapping[str, Any], most: int = 120) -> str:
    """album=4411 quality=82: what tells one job from the next in a list."""
    text = " ".join(_pairs(found))
    return text if len(text) <= most else text[: most - 1] + "…"


def indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def is_kept_back(value: Any) -> bool:
    """A secret or a file: neither tells one job from another, nor can be typed again."""
    if isinstance(value, list):
        return any(is_kept_back(item) for item in value)
    return value == MASK or (isinstance(value, dict) and KEPT in value)


def _pairs(found: Mapping[str, Any]) -> Iterator[str]:
    for name, value in found.items():
        if is_kept_back(value):
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield f"{name}={text[:60]}"


def _value(name: str, value: Any, files: Mapping[str, str]) -> Value:
    if value == MASK:
        return Value(name, MASK, "secret")
    if held := _files(value, files):
        return Value(name, "", "files", files=held)
    if isinstance(value, str):
        return Value(name, value, "json" if "\n" in value else "text")
    text = json.dumps(value, ensure_ascii=False)
    is_short = len(text) <= 80
    return Value(name, text, "text") if is_short else Value(name, indented(value), "json")


def _files(value: Any, files: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The files that a value stands for; none when it is anything else."""
    items = value if isinstance(value, list) else [value]
    ids = [str(item.get(KEPT)) if isinstance(item, dict) else "" for item in items]
    return tuple((i, files[i]) for i in ids) if all(i in files for i in ids) else ()
