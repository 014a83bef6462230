"""The button that turns our pages into another language; it needs no script."""

from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, get_language_info

register = template.Library()

SOURCE = "en"
CATALOGUES = Path(__file__).resolve().parent.parent / "locale"


@register.inclusion_tag("jobs/frame/language.html", takes_context=True)
def language_switch(context: dict[str, Any]) -> dict[str, Any]:
    """One button for each language that we and the site speak, but the one that is shown;
    none on a site without Django's `set_language`."""
    request = context.get("request")
    # A page that answers a form may have no address to come back to by GET.
    return {
        "address": _address(),
        "languages": _others(get_language() or SOURCE),
        "back": request.get_full_path() if request and request.method == "GET" else "",
        "csrf_token": context.get("csrf_token"),
    }


def _others(shown: str) -> list[dict[str, Any]]:
    codes = [code for code, _name in settings.LANGUAGES if _plain(code) in spoken()]
    return [get_language_info(code) for code in codes if _plain(code) != _plain(shown)]


@cache
def spoken() -> frozenset[str]:
    """English and each that has a catalogue."""
    return frozenset({SOURCE, *(folder.name for folder in CATALOGUES.iterdir())})


def _plain(code: str) -> str:
    return code.partition("-")[0]


def _address() -> str:
    try:
        return reverse("set_language")
    except NoReverseMatch:
        return ""
