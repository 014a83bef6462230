"""API tokens in the admin: one's own, and all for superusers."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from jobs.models import ApiToken, Job

from . import desk, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def tokens() -> dict[str, Any]:
    people = {"ada": desk.staff("ada"), "bob": desk.staff("bob")}
    people["boss"] = desk.staff("boss", is_superuser=True)
    made = {name: ApiToken.objects.issue(people[name], ["read"])[0] for name in ("ada", "bob")}
    return {"people": people, "of": made}


def listed(person: Any) -> set[str]:
    page = desk.at(person).get(desk.address(ApiToken))
    return {token.user.username for token in page.context["cl"].result_list}


def revoke(person: Any, token: ApiToken) -> None:
    chosen = {"action": "revoke", "_selected_action": [token.pk]}
    desk.at(person).post(desk.address(ApiToken), chosen)


def test_everybody_sees_their_own_and_superusers_all(tokens):
    people = tokens["people"]
    assert listed(people["ada"]) == {"ada"}
    assert listed(people["boss"]) == {"ada", "bob"}
    foreign = desk.address(ApiToken, "change", tokens["of"]["bob"].pk)
    assert desk.at(people["ada"]).get(foreign).status_code == 302
    page = desk.at(people["boss"]).get(foreign).content.decode()
    assert tokens["of"]["bob"].start in page and tokens["of"]["bob"].digest not in page


def test_they_are_revoked_by_their_person_or_a_superuser(tokens):
    people, of = tokens["people"], tokens["of"]
    revoke(people["ada"], of["bob"])
    assert ApiToken.objects.valid().count() == 2
    revoke(people["ada"], of["ada"])
    revoke(people["boss"], of["bob"])
    assert ApiToken.objects.valid().count() == 0


def test_nothing_is_edited_added_or_deleted_there(tokens):
    boss = desk.at(tokens["people"]["boss"])
    token = tokens["of"]["ada"]
    assert boss.get(desk.address(ApiToken, "add")).status_code == 403
    assert boss.post(desk.address(ApiToken, "delete", token.pk)).status_code == 403
    assert (
        boss.post(desk.address(ApiToken, "change", token.pk), {"name": "x"}).status_code == 403
    )
    assert ApiToken.objects.get(pk=token.pk).name == ""


def test_many_need_no_more_queries_than_few(tokens):
    boss = tokens["people"]["boss"]
    before = desk.queries(boss, desk.address(ApiToken))
    for number in range(5):
        ApiToken.objects.issue(desk.staff(f"p{number}"), ["read"])
    assert desk.queries(boss, desk.address(ApiToken)) == before


def test_who_deletes_a_person_deletes_their_tokens(tokens):
    boss, ada = desk.at(tokens["people"]["boss"]), tokens["people"]["ada"]
    rows.job(owner=ada)
    gone = desk.address(User, "delete", ada.pk)
    assert boss.post(gone, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=ada.pk).exists()
    assert not ApiToken.objects.filter(pk=tokens["of"]["ada"].pk).exists()
    assert Job.objects.get().owner is None
