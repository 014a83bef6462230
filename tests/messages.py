"""Gathers what the product says into its catalogues, and compiles them: `make messages`.

It reads the sources itself, so that nobody needs gettext, and so that the tests know what a
catalogue misses.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import django_celery_results
import polib
from django.utils.translation.template import templatize

BASE = Path(__file__).resolve().parent.parent
CATALOGUES = BASE / "jobs" / "locale"
LITERAL = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
# The languages beside English, and how each counts.
PLURALS = {"es": "nplurals=2; plural=(n != 1);"}
HEADER = {"Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "8bit"}
# What is filled in.
HOLE = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
CALL = re.compile(rf"\b(n?p?gettext|_)\(({LITERAL}(?:, ?{LITERAL})*)")


class Said(NamedTuple):
    """`plural` and `context` are "" where there is none."""

    text: str
    plural: str = ""
    context: str = ""


def said_anywhere() -> set[Said]:
    """All that is marked for translation, in code and in templates; and the columns of
    django-celery-results, which speaks no Spanish and which our admin shows."""
    code = [path for name in ("jobs", "project") for path in (BASE / name).rglob("*.py")]
    code.append(Path(django_celery_results.__file__).with_name("models.py"))
    pages = (BASE / "templates").rglob("*.html")
    return {
        said
        for paths, read in ((code, said_in_code), (pages, said_in_template))
        for path in paths
        for said in read(path.read_text())
    }


def said_in_code(source: str) -> Iterator[Said]:
    tree = ast.parse(source)
    names = {
        name.asname or name.name: name.name.removesuffix("_lazy")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            texts = [part.value for part in node.args if isinstance(part, ast.Constant)]
            if texts and "gettext" in names.get(node.func.id, ""):
                yield _said(names[node.func.id], texts)


def said_in_template(source: str) -> Iterator[Said]:
    for function, texts in CALL.findall(templatize(source)):
        yield _said(function, ast.literal_eval(f"[{texts}]"))


def _said(function: str, texts: list[str]) -> Said:
    context = texts.pop(0) if "pgettext" in function else ""
    plural = texts[1] if function.startswith("n") else ""
    return Said(texts[0], plural, context)


def catalogue(language: str) -> polib.POFile:
    """As it is kept, or an empty one."""
    path = path_of(language)
    return polib.pofile(path, wrapwidth=96) if path.exists() else polib.POFile(wrapwidth=96)


def path_of(language: str, ending: str = "po") -> Path:
    return CATALOGUES / language / "LC_MESSAGES" / f"django.{ending}"


def of_entry(entry: polib.POEntry) -> Said:
    return Said(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")


def untranslated(language: str) -> list[Said]:
    """What is said and stands in the catalogue without words, or not at all."""
    known = {of_entry(entry) for entry in catalogue(language) if entry.translated()}
    return sorted(said_anywhere() - known)


def renew(language: str) -> None:
    """Sorted and without places or dates, so that a change shows as that change alone."""
    known = {of_entry(entry): entry for entry in catalogue(language)}
    new = polib.POFile(wrapwidth=96)
    new.metadata = HEADER | {"Language": language, "Plural-Forms": PLURALS[language]}
    for said in sorted(said_anywhere()):
        new.append(known.get(said) or _blank(said))
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    new.save(path_of(language))
    new.save_as_mofile(path_of(language, "mo"))


def _blank(said: Said) -> polib.POEntry:
    forms = {"msgid_plural": said.plural, "msgstr_plural": {0: "", 1: ""}}
    return polib.POEntry(
        msgid=said.text, msgctxt=said.context or None, **forms if said.plural else {}
    )


def main() -> None:
    for language in PLURALS:
        renew(language)
        for said in untranslated(language):
            sys.stdout.write(f"{path_of(language)}: no words yet for {said.text!r}\n")


if __name__ == "__main__":
    main()
