"""The environment of a process, typed: a wrong value names the variable and what it should be.

An empty value counts as not given, so that `DATABASE_URL=` in a file means the default.
"""

import difflib
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


def wrong(name: str, expected: str, value: str | None = None) -> ImproperlyConfigured:
    """The error for a variable; `value` is left out where it may hold a password."""
    but = "." if value is None else f", not {value!r}."
    return ImproperlyConfigured(f"{name} must be {expected}{but}")


@dataclass
class Environment:
    """Reads variables; `asked` remembers every name, for the documentation's test."""

    values: Mapping[str, str] = field(default_factory=lambda: os.environ)
    asked: set[str] = field(default_factory=set)

    def text(self, *names: str, default: str = "") -> str:
        """The first of `names` that is given."""
        self.asked.update(names)
        given = (self.values.get(name, "").strip() for name in names)
        return next((value for value in given if value), default)

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name).lower()
        if value and value not in YES | NO:
            raise wrong(name, "1 or 0 (true, false, yes, no, on, off)", value)
        return value in YES if value else default

    def number(self, name: str, *, default: int, low: int, high: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if not re.fullmatch(r"[0-9]{1,18}", value) or not low <= int(value) <= high:
            raise wrong(name, f"a whole number from {low} to {high}", value)
        return int(value)

    def seconds(self, name: str, *, default: float | None = None) -> float | None:
        value = self.text(name)
        return _positive(name, value) if value else default

    def words(self, name: str, *, default: Collection[str] = ()) -> list[str]:
        """Values separated by commas."""
        parts = [part.strip() for part in self.text(name).split(",")]
        return [part for part in parts if part] or list(default)

    def choice(self, name: str, *, default: str, among: Collection[str]) -> str:
        value = self.text(name, default=default)
        if value not in among:
            near = difflib.get_close_matches(value, among, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise wrong(name, f"one of {_some(among)}{hint}", value)
        return value

    def url(self, *names: str, default: str, schemes: Collection[str]) -> str:
        """A URL of one of `schemes`; an error says nothing of its content."""
        value = self.text(*names, default=default)
        name = next((n for n in names if self.values.get(n, "").strip()), names[0])
        try:
            legal = urlsplit(value).scheme in schemes and urlsplit(value).port != 0
        except ValueError:
            legal = False
        if not legal:
            raise wrong(name, f"a URL that starts with {_some([f'{s}://' for s in schemes])}")
        return value

    def origins(self, name: str) -> list[str]:
        """Where browsers may come from: scheme, host and port, nothing else."""
        values = self.words(name)
        for value in values:
            if not re.fullmatch(r"https?://[^/*\s?#@]+", value):
                raise wrong(name, "origins such as https://jobs.example.org, no path", value)
        return values

    def folder(self, name: str, *, default: Path) -> Path:
        """A folder, made (for this user only) when it is not there."""
        path = Path(self.text(name, default=str(default))).expanduser().absolute()
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise wrong(
                name, f"a folder that can be made ({error.strerror})", str(path)
            ) from None
        if not os.access(path, os.W_OK | os.X_OK):
            raise wrong(name, "a folder that this user can write to", str(path))
        return path

    def settings_of(self, shape: type, prefix: str) -> dict[str, Any]:
        """What is given for the fields of a dataclass, as `PREFIX_FIELD` variables.

        An unknown variable with that prefix is an error that names the nearest known.
        """
        hints = get_type_hints(shape)
        known = {prefix + f.name.upper(): hints[f.name] for f in fields(shape)}
        for name in self.values:
            if name.startswith(prefix) and name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f" Did you mean {near[0]}?" if near else ""
                raise ImproperlyConfigured(f"{name} is not a known setting.{hint}")
        given = {name: self.text(name) for name in known}
        return {name: _typed(name, text, known[name]) for name, text in given.items() if text}


def _typed(name: str, text: str, kind: Any) -> Any:
    """`text` as the type that the field is declared with."""
    reader = Environment({name: text})
    if kind is bool:
        return reader.flag(name, default=False)
    if kind is int:
        return reader.number(name, default=0, low=0, high=10**15)
    if kind is float:
        return _positive(name, text)
    if get_origin(kind) is tuple:
        return tuple(reader.words(name))
    if get_args(kind) and all(isinstance(choice, str) for choice in get_args(kind)):
        return reader.choice(name, default="", among=get_args(kind))
    return text


def _positive(name: str, text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text) or float(text) == 0:
        raise wrong(name, "a number of seconds greater than 0", text)
    return float(text)


def _some(values: Collection[str]) -> str:
    """The values as a list that stays readable."""
    shown = sorted(values)[:12]
    return ", ".join(shown) + (", …" if len(values) > len(shown) else "")
