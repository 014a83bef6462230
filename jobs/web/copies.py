"""What a form asks for, in the words of other doors: for curl, Python and a shell."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pprint import pformat
from typing import Any
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from jobs import registry
from jobs.params.form.fields import LEFT_OUT, OneFile, Password

SECRET, FILE = "SECRET", "FILE"
"""What stands in the place of what is never copied."""


@dataclass(frozen=True)
class Copy:
    key: str
    title: str
    text: str
    note: str = ""


def copies(request: HttpRequest, name: str, form: Any, user: Any) -> list[Copy]:
    """The same job by each of the other doors."""
    files = [field.name for field in form if isinstance(field.field, OneFile)]
    files = [each for each in files if form.fields[each].required]
    given = registry.get(name).parameters.plain(dict(_given(form)))
    given |= {field.name: SECRET for field in form if _is_given_secret(field)}
    command = _command(name, given, files, str(user.get_username()))
    return [
        Copy("command", _("Command"), command),
        Copy("curl", "curl", _curl(request, name, given, files), _("With a token of yours.")),
        Copy("python", "Python", _python(name, given, files)),
    ]


def _given(form: Any) -> Iterator[tuple[str, Any]]:
    """What the form holds, as far as each field can be read; secrets and files left out."""
    for bound in form:
        if isinstance(bound.field, Password | OneFile):
            continue
        shown = bound.value()
        try:
            value = bound.field.clean(shown)
        except ValidationError:
            value = shown or LEFT_OUT
        if value is LEFT_OUT:
            continue
        if bound.name == form.further:
            yield from (value.items() if isinstance(value, dict) else ())
        elif value is not None or bound.field.initial is not None:
            yield bound.name, value


def _is_given_secret(bound: BoundField) -> bool:
    is_typed = bound.form.is_bound and bool(bound.data)
    return isinstance(bound.field, Password) and (bound.field.required or is_typed)


def _curl(request: HttpRequest, name: str, given: dict[str, Any], files: list[str]) -> str:
    path = f"{reverse('jobs:home')}api/tasks/{quote(name)}/jobs"
    lines = [
        f"curl {shlex.quote(request.build_absolute_uri(path))}",
        '-H "Authorization: Bearer $TOKEN"',
    ]
    if files:
        lines += [f"--form-string {shlex.quote(f'params={_json(given)}')}"]
        lines += [f"-F {shlex.quote(f'{each}=@{FILE}')}" for each in files]
    else:
        body = _json({"params": given})
        lines += ["-H 'Content-Type: application/json'", f"--data-raw {shlex.quote(body)}"]
    return " \\\n  ".join(lines)


def _python(name: str, given: dict[str, Any], files: list[str]) -> str:
    values: dict[str, Any] = given | {each: _Name("upload") for each in files}
    params = pformat(values, sort_dicts=False, width=60)
    return f"from jobs import enqueue\n\nenqueue({name!r}, {params}, by=user)"


def _command(name: str, given: dict[str, Any], files: list[str], user: str) -> str:
    """`name=text`, `name:=JSON`; a name that a shell would misread goes in whole."""
    plain = {each: value for each, value in given.items() if each.isidentifier()}
    words = [_word(each, value) for each, value in plain.items()]
    words += [f"{each}=@{FILE}" for each in files]
    if plain != given:
        beyond = {each: value for each, value in given.items() if each not in plain}
        words += ["--params", _json(beyond)]
    told = " ".join(shlex.quote(word) for word in [name, *words, f"--user={user}"])
    return f"python manage.py job run {told}"


def _word(name: str, value: Any) -> str:
    # In a terminal some characters are keys: as JSON they are letters.
    if isinstance(value, str) and value.isprintable():
        return f"{name}={value}"
    return f"{name}:={_json(value)}"


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


class _Name:
    """A name in code, where a value would be written."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name
