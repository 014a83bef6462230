"""The catalogues: whole, true to what they translate, and compiled."""

import re
from pathlib import Path

import django_celery_beat
import polib
import pytest
from django import __file__ as django_file
from django.utils import translation

from tests import messages
from tests.messages import Said

HINT = "run `make messages`, give it words (docs/translating.md), run it again, and commit both"
KEPT = re.compile(rf"{messages.HOLE.pattern}|%%|<[^>]+>")


@pytest.fixture(params=sorted(messages.PLURALS))
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_all_that_is_said_is_translated(language):
    assert messages.untranslated(language) == [], f"not translated: {HINT}"


def test_nothing_is_kept_that_nobody_says(language):
    kept = {messages.of_entry(entry) for entry in messages.catalogue(language)}
    assert kept - messages.said_anywhere() == set(), f"no longer said: {HINT}"


def test_the_catalogue_is_what_the_command_writes(language):
    found = messages.catalogue(language)
    assert not [entry for entry in found if entry.fuzzy or entry.obsolete], HINT
    assert messages.path_of(language, "mo").read_bytes() == found.to_binary(), HINT
    order = [messages.of_entry(entry) for entry in found]
    assert order == sorted(order), HINT


def test_what_is_filled_in_stays(language):
    """Placeholders and tags: a missing one would be an error where it is shown."""
    wrong = []
    for entry in messages.catalogue(language):
        sources = [entry.msgid, entry.msgid_plural or entry.msgid]
        forms = [entry.msgstr] if not entry.msgid_plural else entry.msgstr_plural.values()
        wanted = [sorted(KEPT.findall(source)) for source in sources]
        wrong += [form for form in forms if sorted(KEPT.findall(form)) not in wanted]
    assert wrong == []


def test_our_words_change_none_of_django_s(language):
    """All catalogues are one: ours would rename its months, or be hidden by its buttons."""
    ours = {messages.of_entry(entry): entry.msgstr for entry in messages.catalogue(language)}
    homes = [Path(module).parent for module in (django_file, django_celery_beat.__file__)]
    theirs = [
        entry
        for home in homes
        for path in home.rglob(f"locale/{language}/LC_MESSAGES/django.mo")
        for entry in polib.mofile(str(path))
    ]
    assert len(theirs) > 500
    pairs = [(ours.get(messages.of_entry(entry)), entry) for entry in theirs]
    assert [entry.msgid for mine, entry in pairs if mine not in (None, entry.msgstr)] == []


def test_the_catalogue_is_spoken(language):
    with translation.override(language):
        assert translation.gettext("Nothing is wrong") != "Nothing is wrong"
        told = translation.ngettext("%(n)d cancelled", "%(n)d cancelled", 2)
    assert "%(n)d" in told and told != "%(n)d cancelled"


def test_all_ways_of_saying_are_read():
    code = 'from django.utils.translation import pgettext_lazy as p, ngettext\np("a", "New")\n'
    assert [*messages.said_in_code(code + 'ngettext("one", "two", 3)')] == [
        Said("New", context="a"),
        Said("one", "two"),
    ]
    page = """{% translate "It's" %}{% blocktranslate count n=n %}{{ n }} %{% plural %}b
      {% endblocktranslate %}{{ x|default:_("none") }}{% translate 'c' context "d" %}"""
    assert {Said("It's"), Said("none"), Said("c", context="d")} < {
        *messages.said_in_template(page)
    }
    assert ("%(n)s %%", "b\n      ", "") in messages.said_in_template(page)
