"""Programs make, change, look at and delete schedules."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from jobs.models import Backfill, Event, Job, Schedule, Scope
from jobs.scheduling.coded import described
from jobs.states import State
from tests.doors import desk, rows
from tests.doors.programs import Program, fault, job_of
from tests.verbs.beats import every, run_at

pytestmark = pytest.mark.django_db
NIGHTLY = {"name": "nightly", "task": rows.ADD, "params": {"x": 1}, "cron": "30 2 * * *"}


@pytest.fixture(autouse=True)
def task(db: None) -> None:
    rows.task()


def made(program: Program, **values: object) -> dict:
    answer = program.post("/schedules", {**NIGHTLY, **values})
    assert answer.status_code == 201, answer.content
    said = answer.json()
    assert answer["Location"] == f"/api/schedules/{said['id']}"
    return said


def test_what_is_made_is_found_again_and_edited_and_deleted(root):
    said = made(root, timezone="Europe/Berlin", reason="Asked for by Ada.")
    assert {**said, **NIGHTLY} == said
    assert (said["run_as"], said["flaw"], said["misfit"], said["paused"]) == (
        "root",
        "",
        "",
        None,
    )
    assert said["next_fire_at"] and said["last_fire"] is None
    at = f"/schedules/{said['id']}"
    assert root.get(at).json() == said
    changed = root.patch(at, {"every_seconds": 60, "reason": "Oftener."})
    assert (changed.json()["cron"], changed.json()["every_seconds"]) == (None, 60)
    assert root.delete(at, {"reason": "Done."}).status_code == 204
    fault(root.get(at), 404, "not_found")
    told = Event.objects.order_by("id").values_list("verb", "reason", "actor__username")
    assert list(told) == [
        ("create", "Asked for by Ada.", "root"),
        ("edit", "Oftener.", "root"),
        ("delete", "Done.", "root"),
    ]


def test_what_is_wrong_is_told_on_its_field(root):
    wrong = {"params": {"x": "many"}, "cron": "0 0 31 2 *", "run_as": "nobody"}
    assert set(fault(root.post("/schedules", {**NIGHTLY, **wrong}), 422, "invalid")) == {
        "params.x",
        "cron",
        "run_as",
    }
    for strange in ("headers", "exchange", "routing_key", "expires", "id", "key"):
        assert strange in fault(
            root.post("/schedules", {**NIGHTLY, strange: "x"}), 422, "invalid"
        )
    said = made(root)
    assert "name" in fault(root.post("/schedules", NIGHTLY), 422, "invalid")
    at = f"/schedules/{said['id']}"
    assert "" in fault(root.patch(at, {"reason": "None."}), 422, "invalid")
    assert "" in fault(root.patch(at, {"cron": None}), 422, "invalid")
    assert PeriodicTask.objects.count() == 1


def test_who_edits_what_another_changed_meanwhile_is_told(root):
    said = made(root)
    at, seen = f"/schedules/{said['id']}", said["fingerprint"]
    changed = root.patch(at, {"jitter_seconds": 1, "seen": seen}).json()
    assert changed["fingerprint"] != seen
    fault(root.patch(at, {"jitter_seconds": 2, "seen": seen}), 409, "outdated")
    assert root.get(at).json()["jitter_seconds"] == 1


def test_it_tells_its_last_fire_and_how_late_that_was(root):
    said = made(root, every_seconds=3600, cron=None)
    entry = PeriodicTask.objects.get()
    moment = run_at(entry)
    by_hand = job_of(root.post(f"/schedules/{said['id']}/fire"))
    [fired] = Job.objects.exclude(pk=by_hand.pk)
    Job.objects.filter(pk=fired.pk).update(started_at=moment + timedelta(seconds=2))
    span = {"since": moment, "until": moment, "concurrency": 1, "count": 1}
    filled = {
        "backfill": Backfill.objects.create(**span),
        "due_at": moment + timedelta(hours=1),
    }
    rows.job(State.COMPLETED, schedule=entry, **filled)
    told = root.get(f"/schedules/{said['id']}").json()
    assert told["last_fire"] == {
        "job": fired.pk,
        "state": fired.state,
        "due_at": moment.isoformat(),
    }
    assert told["lag_seconds"] == 2
    planner = Program(desk.staff("planner", may=("manage_schedules",)))
    seen = planner.get(f"/schedules/{said['id']}").json()
    assert seen["last_fire"] is None, "they see the schedule, and not its jobs"


def test_each_verb_is_done_once(root):
    at = f"/schedules/{made(root)['id']}"
    paused = root.post(f"{at}/pause", {"reason": "Holidays."}).json()["paused"]
    assert (paused["by"], paused["note"]) == ("root", "Holidays.")
    assert root.get(at).json()["next_fire_at"] is None
    fault(root.post(f"{at}/pause"), 409, "wrong_state")
    assert root.post(f"{at}/resume").json()["paused"] is None
    assert root.post(f"{at}/disable").json()["enabled"] is False
    fault(root.post(f"{at}/disable"), 409, "wrong_state")
    assert root.post(f"{at}/enable", {"reason": "Back."}).json()["enabled"] is True
    fault(root.post(f"{at}/reset"), 409, "wrong_state")
    fault(root.post(f"{at}/terminate"), 404, "not_found")
    assert Event.objects.get(verb="enable").reason == "Back."


def test_what_code_says_is_taken_back_and_never_deleted(root):
    said = made(root)
    entry = PeriodicTask.objects.get()
    Schedule.objects.update(key="nightly", coded=described(entry))
    at = f"/schedules/{said['id']}"
    edited = root.patch(at, {"cron": "0 5 * * *", "params": {"x": 5}}).json()
    assert (edited["key"], edited["is_edited"]) == ("nightly", True)
    reset = root.post(f"{at}/reset", {"reason": "As it was."}).json()
    assert {**reset, **NIGHTLY} == reset and not reset["is_edited"]
    fault(root.delete(at), 422, "invalid")
    narrow = Program(root.user, Scope.READ, Scope.CONTROL)
    fault(narrow.post(f"{at}/reset"), 403, "scope")


def test_it_is_run_now_by_who_asks_and_once_for_a_key(root):
    at = f"/schedules/{made(root)['id']}/fire"
    body = {"idempotency_key": "one", "reason": "Try it."}
    job = job_of(root.post(at, body))
    assert (job.owner, job.due_at, job.schedule_id) == (root.user, None, int(at.split("/")[2]))
    again = root.post(at, body)
    assert (again.status_code, job_of(again)) == (200, job)
    assert Event.objects.get(verb="run").reason == "Try it."
    PeriodicTask.objects.update(kwargs='{"x": "many"}')
    assert "params.x" in fault(root.post(at), 422, "invalid")
    PeriodicTask.objects.update(task="old.task")
    fault(root.post(at), 409, "unknown_task")


def test_scopes_narrow_what_a_token_does(root):
    at = f"/schedules/{made(root)['id']}"
    reader = Program(root.user, Scope.READ)
    runner = Program(root.user, Scope.RUN)
    controller = Program(root.user, Scope.CONTROL)
    assert reader.get(at).status_code == 200
    for refused in (
        reader.post(f"{at}/fire"),
        controller.post(f"{at}/fire"),
        controller.post("/schedules", NIGHTLY),
        controller.patch(at, {"params": {"x": 2}}),
        runner.patch(at, {"params": {"x": 2}}),
        runner.delete(at),
        runner.post(f"{at}/pause"),
    ):
        fault(refused, 403, "scope")
    assert runner.post(f"{at}/fire").status_code == 202
    assert controller.post(f"{at}/pause").status_code == 200


def test_the_list_is_narrowed_and_comes_in_pages(root):
    made(root, name="a", note="For the bank.")
    made(root, name="b", enabled=False)
    broken = every(name="c", task=desk.FAIL, kwargs="{}", flaw="It cannot be.")
    Schedule.objects.filter(entry__name="a").update(paused_at=timezone.now())

    def names(**query: object) -> list[str]:
        return [each["name"] for each in root.get("/schedules", **query).json()["items"]]

    assert names() == ["a", "b", "c"]
    assert names(q="bank") == names(paused="true") == names(state="paused") == ["a"]
    assert names(task=desk.FAIL) == names(state="flawed") == [broken.name]
    assert (names(enabled="false", state="off"), names(q="add bank")) == (["b"], ["a"])
    first = root.get("/schedules", limit=2).json()
    rest = root.get("/schedules", limit=2, cursor=first["next"]).json()
    assert [each["name"] for each in first["items"] + rest["items"]] == ["a", "b", "c"]
    assert (first["count"], rest["next"]) == (3, None)
    assert "colour" in fault(root.get("/schedules", colour="red"), 422, "invalid")


def test_one_that_cannot_be_read_hides_no_other(root):
    made(root, name="a")
    made(root, name="b", cron="1 1 * * *")
    crontab = PeriodicTask.objects.get(name="a").crontab_id
    table = CrontabSchedule._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET timezone = 'Mars/Base' WHERE id = %s", [crontab])
    one, two = root.get("/schedules").json()["items"]
    assert (one["name"], one["cron"], bool(one["flaw"])) == ("a", None, True)
    assert (two["cron"], two["flaw"]) == ("1 1 * * *", "")
    mended = root.patch(f"/schedules/{one['id']}", {"cron": "0 4 * * *"})
    assert (mended.status_code, mended.json()["flaw"]) == (200, "")


def test_what_its_task_no_longer_takes_is_told_before_its_fire(root):
    made(root)
    PeriodicTask.objects.update(kwargs='{"z": 1}')
    [said] = root.get("/schedules").json()["items"]
    assert (said["misfit"], said["flaw"]) == ("its task does not take these parameters", "")


def test_many_schedules_need_no_more_queries_than_one(root):
    def queries() -> int:
        with desk.asked() as caught:
            assert root.get("/schedules").status_code == 200
        return len(caught)

    people = [rows.user(f"p{n}", is_superuser=True) for n in range(5)]
    first = every(name="a", run_as=people[0], paused_by=people[0], paused_at=timezone.now())
    rows.job(State.FAILED, schedule=first, due_at=timezone.now())
    queries()
    before = queries()
    for number, person in enumerate(people):
        crontab = CrontabSchedule.objects.create(minute=number)
        entry = desk.schedule(f"s{number}", crontab=crontab)
        Schedule.objects.filter(pk=entry.pk).update(run_as=person, paused_by=person)
        rows.job(State.FAILED, schedule=entry, due_at=timezone.now())
    assert queries() == before


def test_a_secret_is_shown_nowhere(root):
    rows.task(desk.LOG_IN)
    secret = {"user": "ada", "password": "hunter2", "token": "plain-hint"}
    said = made(root, task=desk.LOG_IN, params=secret)
    at = f"/schedules/{said['id']}"
    kept = root.patch(at, {"params": {**said["params"], "user": "eve"}})
    book = [said, kept.json(), root.get("/schedules").json(), *Event.objects.values()]
    assert "hunter2" not in str(book) and "plain-hint" not in str(book)
    job = job_of(root.post(f"{at}/fire"))
    assert "hunter2" not in str(root.get(f"/jobs/{job.pk}").json())
