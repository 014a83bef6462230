"""Which tasks are found by words and by tag."""

from django.db.models import Q, Value

from .inside import HasTag


def said(words: str) -> Q:
    """Every word stands in the name, the title, the tags or the text."""
    found = Q()
    for word in words.split():
        said = Q(name__icontains=word) | Q(title__icontains=word) | Q(tags__icontains=word)
        found &= said | Q(description__icontains=word)
    return found


def tagged(tag: str) -> HasTag:
    """The tag is one of theirs."""
    return HasTag("tags", Value(tag))
