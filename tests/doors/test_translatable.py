"""Whatever a page says can be said in another language."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
# Names and code, which are the same in every language.
NAMES = {"Batuta", "Celery", "Enter", "Python", "UTC", "p95"}
MARKED = re.compile(r"\{%\s*blocktrans.*?%\}.*?\{%\s*endblocktrans\w*\s*%\}", re.S)
OF_DJANGO = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)
SAID_IN = re.compile(r"""\s(?:aria-label|title|placeholder|alt)="([^"]*)\"""")
NO_WORDS = re.compile(r"(?s)<svg.*?</svg>|<symbol.*?</symbol>|<(code|pre)\b.*?</\1>|<[^>]*>")


def words_of(text: str) -> set[str]:
    """What a template says by itself: between its tags, and in attributes that are read."""
    text = re.sub(r"\{% block picture %\}i-\w+", "", MARKED.sub(" ", text))
    text = OF_DJANGO.sub("\n", text)
    said = [*SAID_IN.findall(text), NO_WORDS.sub("\n", text)]
    return {
        word.strip() for each in said for word in re.findall(r"[A-Za-z][A-Za-z' ]{2,}", each)
    }


@pytest.mark.parametrize(
    "template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name
)
def test_every_word_of_a_template_is_marked(template: Path):
    assert words_of(template.read_text()) - NAMES == set()


def test_a_word_that_is_not_marked_is_found():
    text = (
        '<a title="Go on">{% translate "Fine" %} Not fine</a> <b aria-label="{{ x }}">{{ y }}'
    )
    assert words_of(text) == {"Go on", "Not fine"}
