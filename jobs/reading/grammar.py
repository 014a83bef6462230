"""The language of the search field: `state:failed -tag:canary error:"time out" words`.

A text is terms with spaces between them. A term is `key:value`, or words to be found;
`-` before it turns it round; quotes hold spaces together, and in them `\\` quotes. What
cannot be understood is a Mistake, never an exception and never left out unsaid.
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

LONGEST = 1_000
"""Characters of a search."""
MOST_TERMS = 40

PARAM = "param."
KEYS = (
    "state", "waiting", "task", "owner", "tag", "queue", "worker", "schedule", "backfill",
    "workflow", "since", "until", "error", "is",
)  # fmt: skip
ONE_OF = (
    "state", "waiting", "task", "owner", "queue", "worker", "schedule", "backfill", "workflow",
)  # fmt: skip
"""A job has one of these: several mean any of them, and commas part them."""

# Possessive quantifiers: no text is walked more than once.
_TOKEN = re.compile(r'(?:[^\s"]++|"(?:[^"\\]|\\.)*+"?)++', re.S)
_KEYED = re.compile(r'(?P<key>[^\s":]++):(?P<value>.*+)', re.S)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)("?)', re.S)
_ESCAPED = re.compile(r"\\(.)", re.S)
_SPECIAL = re.compile(r'[\s"]')


@dataclass(frozen=True)
class Term:
    """One wish. Without a key it is words to be found."""

    key: str
    value: str
    is_not: bool = False

    def __str__(self) -> str:
        value = _quoted(self.value) if self._needs_quotes else self.value
        return f"{'-' * self.is_not}{self.key}{':' * bool(self.key)}{value}"

    @property
    def _needs_quotes(self) -> bool:
        if not self.value or _SPECIAL.search(self.value):
            return True
        if not self.key:
            return ":" in self.value or self.value.startswith("-")
        return self.key in ONE_OF and "," in self.value


@dataclass(frozen=True)
class Mistake:
    """A part of the text that says nothing to us, and why, in words."""

    text: str
    words: str
    key: str = ""
    """Of a term that did not come in the text."""


def terms(text: str) -> tuple[list[Term], list[Mistake]]:
    """What a text wishes for, and what in it cannot be understood. Never raises."""
    text = clean(text)
    if len(text) > LONGEST:
        told = _("A search has at most %(n)s characters.") % {"n": LONGEST}
        return [], [Mistake(text[:LONGEST], told)]
    found: list[Term] = []
    wrong: list[Mistake] = []
    for token in _TOKEN.findall(text):
        for one in _read(token):
            wrong.append(one) if isinstance(one, Mistake) else found.append(one)
    return found, wrong


def written(wishes: Iterable[Term]) -> str:
    """The text that means these terms."""
    return " ".join(map(str, wishes))


def clean(text: str) -> str:
    """Without what no database looks up: NUL and half characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode().strip()


def _read(token: str) -> Iterator[Term | Mistake]:
    rest = token[1:] if token.startswith("-") and token != "-" else token
    is_not = rest != token
    keyed = _KEYED.fullmatch(rest)
    key, value = (keyed["key"], keyed["value"]) if keyed else ("", rest)
    plain = _plain(value)
    if plain is None:
        yield Mistake(token, _("A quotation mark is missing in %(text)s.") % {"text": token})
    elif keyed and (known := _known(key)) is None:
        yield Mistake(token, _unknown(key))
    elif not keyed:
        yield from [Term("", plain, is_not)] if plain else []
    elif not (parts := _parts(known or "", value, plain)):
        yield Mistake(token, _("Say what, after “%(key)s:”.") % {"key": key})
    else:
        yield from (Term(known or "", part, is_not) for part in parts)


def _known(key: str) -> str | None:
    """The key as we write it."""
    lower = key.lower()
    if lower.startswith(PARAM):
        return PARAM + key[len(PARAM) :]
    return lower if lower in KEYS else None


def _unknown(key: str) -> str:
    near = difflib.get_close_matches(key.lower(), [*KEYS, "param"], n=1)
    if near:
        said = _("There is no filter “%(key)s”; did you mean “%(near)s”?")
        return said % {"key": key, "near": near[0]}
    said = _("There is no filter “%(key)s”. To find these words, put them in quotes.")
    return said % {"key": key}


def _parts(key: str, value: str, plain: str) -> list[str]:
    if key in ONE_OF and '"' not in value:
        return [part for part in value.split(",") if part]
    return [plain] if plain else []


def _plain(value: str) -> str | None:
    """The text without its quotes; None when one is missing."""
    found, at = "", 0
    for quoted in _QUOTED.finditer(value):
        if not quoted[2]:
            return None
        found += value[at : quoted.start()] + _ESCAPED.sub(r"\1", quoted[1])
        at = quoted.end()
    return found + value[at:]


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
