"""Our pages and answers in Spanish, with no English left; and how one comes to them."""

import html
import re
from functools import cache
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import NoReverseMatch, include, path, reverse
from django.utils import translation

from jobs.execution import control
from jobs.execution.control import Order
from jobs.models import Job
from jobs.reading.grammar import KEYS
from jobs.states import State, WaitingFor
from tests import messages

from . import access, desk, pages, rows
from .pages import POSTED, SHOWN, address
from .programs import Program

pytestmark = pytest.mark.django_db
SAID_IN = re.compile(r"""\s(?:aria-label|title|placeholder|alt)="([^"]*)\"""")
FOR_SCRIPTS = re.compile(r"""\sdata-\w+="([^"]* [^"]*)\"""")
UNREAD = re.compile(r"(?s)<(script|style|code|pre|svg)\b.*?</\1>")
# Of the other language, of a picture of Django's, of people and of filters.
NAMES = {"English", "Search", "no", *access.ROLES, *KEYS}
urlpatterns = [path("", include("jobs.urls"))]


@cache
def english() -> set[str]:
    """What must not be read on a Spanish page: all that we say otherwise in Spanish."""
    found = messages.catalogue("es")
    said = {entry.msgid for entry in found if entry.msgstr != entry.msgid}
    return (said | {entry.msgid_plural for entry in found}) - NAMES


def pieces(page: str) -> set[str]:
    """What stands between tags, and in attributes that are read or shown by a script."""
    said = [*SAID_IN.findall(page), *FOR_SCRIPTS.findall(page)]
    said += [*re.split(r"<[^>]*>", UNREAD.sub(" ", page))]
    return {html.unescape(piece).strip(" \n.,:;·()") for piece in said} - {""}


def leftovers(page: str) -> list[str]:
    """Whole pieces, whatever was filled in, and sentences within one."""
    found, known = pieces(page), english()
    sentences = [text for text in known if " " in text and len(text) > 12]
    left = {piece for piece in found if piece in known or f"{piece}." in known}
    left |= {text for text in sentences if any(text in one for one in found)}
    return sorted(left | {piece for piece in found if filled()(piece)})


@cache
def filled() -> Any:
    """Whether a piece is something of ours with what fills its holes."""
    holed = [text.strip(" .") for text in english() if messages.HOLE.search(text)]
    parts = [[re.escape(part) for part in messages.HOLE.split(text)] for text in holed]
    wordy = [part for part in parts if len(re.findall("[a-z]", "".join(part))) > 3]
    return re.compile("|".join(".{1,60}".join(part) for part in wordy)).fullmatch


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> dict[str, Any]:
    settings.MEDIA_ROOT = tmp_path
    return pages.world()


@pytest.fixture
def root(world: dict[str, Any]) -> Client:
    client = Client(headers={"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"})
    client.force_login(world["people"]["superuser"])
    return client


def english_on(client: Client, *addresses: str) -> dict[str, list[str]]:
    """What is left of it, by page."""
    found = {}
    for page in addresses:
        response = client.get(page)
        if response.status_code == 200 and "text/html" in response["Content-Type"]:
            text = response.content.decode()
            found[page] = leftovers(text)
            assert "<html" not in text or '<html lang="es"' in text, page
    assert found
    return {page: left for page, left in found.items() if left}


def test_pages_are_spanish_for_who_reads_spanish(root, world):
    assert english_on(root, *(address(name, world) for name in SHOWN)) == {}


def test_a_job_is_told_in_spanish_wherever_it_stands(root):
    jobs = [rows.job(state, params={"x": 1}) for state in set(State) - {State.PENDING}]
    jobs.append(rows.job(State.PENDING, waiting_for=WaitingFor.START))
    assert english_on(root, *(reverse("jobs:job", args=[job.pk]) for job in jobs)) == {}


def test_refused_forms_say_why_in_spanish(root, world):
    for name in POSTED:
        page = root.post(address(name, world)).content.decode()
        assert leftovers(page) == [], name
    assert english_on(root, f"{address('task', world)}?x=many") == {}


def test_our_words_in_the_admin_are_spanish(root, world):
    desk.schedule()
    User.objects.update(is_staff=True)
    job = desk.address(Job, "change", world["job"].pk)
    lists = (desk.address(model) for model in desk.admin_models())
    assert english_on(root, job, *lists) == {}


def test_doors_and_errors_are_spanish(root):
    stranger = Client(headers={"Accept-Language": "es"})
    for page in (stranger.get(reverse("login")), root.get("/no-such-page/")):
        assert leftovers(page.content.decode()) == []
        assert '<html lang="es">' in page.content.decode()


def test_a_program_is_told_in_its_language_and_by_the_same_code():
    program = Program(rows.user("root", is_superuser=True))
    english, spanish = (
        program.post("/jobs", {"task": "no.such"}, **{"Accept-Language": language}).json()
        for language in ("en", "es")
    )
    assert spanish["code"] == english["code"]
    assert spanish["detail"] != english["detail"]
    assert leftovers(spanish["detail"]) == []


def test_the_switch_turns_the_page_and_comes_back_to_it(world):
    client = desk.at(world["people"]["superuser"])
    here = f"{reverse('jobs:jobs')}?owner=me&q=a+b"
    page = client.get(here).content.decode()
    assert 'name="language" value="es" lang="es"' in page
    back = html.unescape(re.search(r'name="next" value="([^"]*)"', page)[1])
    chosen = client.post(reverse("set_language"), {"language": "es", "next": back})
    assert (chosen.status_code, chosen["Location"]) == (302, here)
    page = client.get(here).content.decode()
    assert '<html lang="es">' in page and 'value="en" lang="en"' in page


@pytest.mark.urls(__name__)
def test_a_site_without_the_address_has_no_switch(world):
    with pytest.raises(NoReverseMatch):
        reverse("set_language")
    page = desk.at(world["people"]["superuser"]).get(reverse("jobs:jobs"))
    assert 'name="language"' not in page.content.decode()


def test_a_site_that_speaks_english_alone_has_no_switch(world, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    page = desk.at(world["people"]["superuser"]).get(reverse("jobs:jobs"))
    assert 'name="language"' not in page.content.decode()


def test_what_is_stored_is_in_the_language_of_the_site():
    job = rows.job(State.PENDING)
    rows.task()
    with translation.override("es"):
        assert control.fail(Job.objects.filter(pk=job.pk), Order(None))
        assert translation.get_language() == "es"
    assert Job.objects.get(pk=job.pk).reason == "It was marked as failed by hand."


def test_english_that_is_left_is_found():
    page = '<p title="Nothing is wrong">Bien</p><b>Queue:</b><i>see Why is it not running now'
    assert leftovers(page) == ["Nothing is wrong", "Queue", "Why is it not running"]
    assert leftovers("<b>90 days</b><i>hace 5 s</i>") == ["90 days"]
    assert leftovers("<code>Queue</code><p>Cola</p>") == []
