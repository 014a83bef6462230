"""The page of a schedule, and what is done to it from there."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs.models import Backfill, Event, Job, Schedule
from jobs.scheduling import coded, entries
from jobs.states import State

from . import desk, rows
from .test_web_schedules import LIST, admin, fired, planned

__all__ = ["admin"]
pytestmark = pytest.mark.django_db


def address(made: PeriodicTask) -> str:
    return reverse("jobs:schedule", args=[made.pk])


def do(client: Client, made: PeriodicTask, verb: str, **given: Any) -> Any:
    return client.post(reverse("jobs:schedule_verb", args=[made.pk, verb]), given, follow=True)


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def policy(made: PeriodicTask) -> Schedule:
    return Schedule.objects.get(pk=made.pk)


def test_the_page_tells_what_it_did_and_who_changed_it(admin):
    made = planned("ledger", description="Four calls an hour.")
    fired(made, ago=300)
    fired(made, State.SKIPPED, ago=200, reason="A fire before it has not ended.")
    late = fired(made, ago=100, tags=["caught up"])
    span = {"since": late.due_at, "until": late.due_at, "concurrency": 1, "count": 1}
    filled = {"due_at": late.due_at - timedelta(days=9), "schedule": made}
    rows.job(State.COMPLETED, backfill=Backfill.objects.create(**span), **filled)
    changes = {"before": {"cron": "0 1 * * *"}, "after": {"cron": "0 2 * * *"}}
    petra = rows.user("petra", first_name="Petra", last_name="Novak")
    entries.tell(made, "edit", by=petra, reason="Too early.", **changes)
    entries.tell(made, "backfill", by=petra)
    page = admin.get(address(made))
    about = page.context["about"]
    assert [fire.tag for fire in about.notable] == ["caught up", ""]
    assert about.runs.skipped == 1 and about.late == 1
    assert about.worst_lag < timedelta(hours=1), "a backfill is not late"
    text = page.content.decode()
    shown = ("Four calls an hour.", "A fire before it has not ended.", late.pk, "Petra Novak")
    for words in (
        *shown,
        "0 1 * * *",
        "“Too early.”",
        "run it beside them",
        "asked for a backfill",
    ):
        assert words in text, words


def test_parameters_that_its_task_no_longer_takes_are_told_before_the_next_fire(admin):
    made = planned("ledger")
    told = "Its next fire is going to fail:"
    assert told not in admin.get(address(made)).content.decode()
    PeriodicTask.objects.filter(pk=made.pk).update(kwargs='{"nothing": 1}')
    assert told in admin.get(address(made)).content.decode()


def test_who_may_see_it_sees_neither_others_jobs_nor_what_managers_did(client):
    rows.task("b.unseen")
    made = planned("ledger", task="b.unseen")
    job = fired(made, State.FAILED, error_type="Declined")
    entries.tell(made, "disable", by=None, reason="Out of order.")
    client.force_login(desk.staff("keeper", may=("manage_schedules",)))
    text = client.get(address(made)).content.decode()
    assert job.pk not in text and "Declined" not in text and "Out of order." not in text


def test_its_parts_come_alone_for_what_changed(admin):
    made = planned("ledger")
    answer = admin.get(address(made), {"part": ["head", "past", "nonsense"]}).content.decode()
    assert 'id="part-head"' in answer and 'id="past"' in answer
    assert "<html" not in answer and 'id="story"' not in answer


def test_pausing_keeps_the_note_and_resuming_takes_it_away(admin):
    made = planned("ledger")
    paused = do(admin, made, "pause", reason="Until Tuesday.")
    assert told(paused) == ["ledger is paused until somebody resumes it."]
    assert policy(made).pause_note == "Until Tuesday." and policy(made).is_paused
    assert "“Until Tuesday.”" in paused.content.decode()
    assert told(do(admin, made, "pause")) == ["ledger was paused already."]
    resumed = do(admin, made, "resume", list="?state=paused")
    assert resumed.redirect_chain[-1][0] == f"{LIST}?state=paused"
    assert not policy(made).is_paused


def test_nobody_is_sent_to_another_site(admin):
    made = planned("ledger")
    sent = do(admin, made, "pause", list="https://example.org/?x")
    assert sent.redirect_chain[-1][0] == address(made)


def test_what_is_grave_wants_a_reason_which_is_kept(admin):
    made = planned("ledger")
    refused = do(admin, made, "disable", reason=" ")
    assert refused.status_code == 422 and "Say why" in refused.content.decode()
    made.refresh_from_db()
    assert made.enabled
    do(admin, made, "disable", reason="The ledger moved.")
    made.refresh_from_db()
    assert not made.enabled
    assert Event.objects.get(schedule=made.pk, verb="disable").reason == "The ledger moved."
    do(admin, made, "enable")
    made.refresh_from_db()
    assert made.enabled


def test_deleting_it_wants_a_reason_and_leaves_its_jobs(admin):
    made = planned("ledger")
    job = fired(made)
    assert do(admin, made, "delete").status_code == 422
    gone = do(admin, made, "delete", reason="Nobody reads it.")
    assert gone.redirect_chain[-1][0] == LIST and "its jobs stay" in told(gone)[0]
    assert Event.objects.get(verb="delete").reason == "Nobody reads it."
    job.refresh_from_db()
    assert job.schedule is None and not PeriodicTask.objects.exists()


def test_what_the_code_declares_is_not_deleted(admin):
    made = planned("ledger")
    Schedule.objects.filter(pk=made.pk).update(key="ledger", coded=coded.described(made))
    refused = do(admin, made, "delete", reason="Nobody reads it.")
    assert refused.status_code == 422 and "The code declares it" in refused.content.decode()


def test_secrets_among_its_parameters_are_masked(admin):
    made = planned("door", task=desk.LOG_IN, kwargs='{"user": "ada", "password": "hunter2"}')
    text = admin.get(address(made)).content.decode()
    assert "ada" in text and "hunter2" not in text


def test_what_was_edited_of_the_code_s_own_can_be_taken_back(admin):
    made = planned("ledger")
    said = coded.described(made)
    Schedule.objects.filter(pk=made.pk).update(key="ledger", coded=said)
    assert "reset" not in [deed.name for deed in admin.get(address(made)).context["deeds"]]
    PeriodicTask.objects.filter(pk=made.pk).update(kwargs='{"x": 2}')
    page = admin.get(address(made))
    assert "from code, edited" in page.content.decode()
    assert "reset" in [deed.name for deed in page.context["deeds"]]
    do(admin, made, "reset", reason="It was a try.")
    assert coded.described(PeriodicTask.objects.get(pk=made.pk)) == said


def test_taking_it_back_tells_no_secret_to_who_reads_its_history(admin):
    made = planned("door", task=desk.LOG_IN, kwargs='{"user": "ada", "password": "hunter2"}')
    Schedule.objects.filter(pk=made.pk).update(key="door", coded=coded.described(made))
    PeriodicTask.objects.filter(pk=made.pk).update(
        kwargs='{"user": "bob", "password": "pass3"}'
    )
    do(admin, made, "reset", reason="It was a try.")
    text = admin.get(address(made)).content.decode() + str([*Event.objects.values()])
    assert "bob" in text and "hunter2" not in text and "pass3" not in text


def test_firing_it_makes_a_job_now_and_says_which(admin):
    made = planned("ledger")
    answer = do(admin, made, "fire")
    job = Job.objects.get(schedule=made)
    assert job.due_at is None and job.pk in told(answer)[0]
    assert f'<a href="{reverse("jobs:job", args=[job.pk])}">' in answer.content.decode()


def test_two_clicks_fire_it_once_and_another_row_of_the_list_is_another(admin):
    made, other = planned("ledger"), planned("other")
    for page in (address(made), reverse("jobs:schedules")):
        sent = {"job-ticket": admin.get(page).context["ticket"]}
        for _click in range(2):
            do(admin, made, "fire", **sent)
        do(admin, other, "fire", **sent)
    assert Job.objects.filter(schedule=made).count() == 2
    assert Job.objects.filter(schedule=other).count() == 2


def test_what_its_task_does_not_take_is_told_and_makes_no_job(admin):
    made = planned("<b>ledger</b>", kwargs='{"x": "many"}')
    answer = do(admin, made, "fire")
    assert "was not run" in told(answer)[0] and not Job.objects.exists()
    assert "<b>ledger" not in answer.content.decode()


def test_who_manages_schedules_but_may_not_run_the_task_cannot_fire_it(client):
    rows.task()
    made = planned("ledger")
    client.force_login(desk.staff("keeper", may=("manage_schedules",)))
    assert do(client, made, "fire").status_code == 403
    assert "Fire now" not in client.get(address(made)).content.decode()
    assert do(client, made, "pause").status_code == 200


@pytest.mark.parametrize("verb", ["nonsense", "delete_all", "tell"])
def test_there_are_no_other_verbs(admin, verb):
    assert do(admin, planned("ledger"), verb).status_code == 404


def test_a_viewer_is_offered_no_verb(client):
    task = rows.task()
    group = Group.objects.create(name="viewers")
    task.viewers.add(group)
    made = planned("ledger")
    client.force_login(rows.user("viewer", group))
    page = client.get(address(made)).content.decode()
    assert "/verbs/" not in page and "/verbs/" not in client.get(LIST).content.decode()


@pytest.mark.parametrize("key", [0, 10**30])
def test_a_schedule_that_is_not_there_is_not_found(admin, key):
    assert admin.get(f"{LIST}{key}/").status_code == 404


def test_one_that_cannot_be_read_has_a_page_that_says_so(admin):
    made = planned("odd", flaw="Its zone vanished.")
    assert "Its zone vanished." in admin.get(address(made)).content.decode()


def test_the_page_takes_the_same_number_of_queries_however_much_it_did(admin):
    person = rows.user("root", is_superuser=True)
    made = planned("ledger", start_time=timezone.now())
    fired(made)
    entries.tell(made, "run", by=person)
    few = desk.queries(person, address(made))
    for number in range(12):
        fired(made, State.FAILED, ago=100 + number)
        entries.tell(made, "run", by=person)
    assert desk.queries(person, address(made)) <= few  # with runs of its own, one less


def test_what_it_touches_leads_to_it(admin):
    made = planned("ledger")
    job, link = fired(made), f'href="{address(made)}"'
    others = {"home": [], "task": [made.task], "job": [job.pk]}
    for page, args in others.items():
        assert link in admin.get(reverse(f"jobs:{page}", args=args)).content.decode(), page
    User.objects.update(is_staff=True)
    in_admin = desk.address(PeriodicTask, "change", made.pk)
    assert link in admin.get(in_admin).content.decode()
    assert f'href="{in_admin}"' in admin.get(address(made)).content.decode()


def test_a_job_of_mine_does_not_lead_to_a_schedule_that_i_may_not_see(client):
    rows.task("b.unseen")
    made = planned("ledger", task="b.unseen")
    me = rows.user("me")
    job = fired(made, owner=me)
    client.force_login(me)
    assert address(made) not in client.get(reverse("jobs:job", args=[job.pk])).content.decode()


def test_the_next_moments_stand_there_with_what_is_odd_about_them(admin):
    made = planned("ledger")
    page = admin.get(address(made), {"count": "50"})
    assert len(page.context["about"].preview.ahead) == 50
    assert "Will it overlap?" in page.content.decode()
    flawed = planned("odd", flaw="Its day never comes.")
    assert "Will it overlap?" not in admin.get(address(flawed)).content.decode()
