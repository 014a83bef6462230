"""Programs see tasks and ask for jobs."""

import pytest

from jobs.models import Event, Task
from jobs.states import State
from tests import alike_tasks
from tests.doors import desk, form_tasks, rows
from tests.doors.programs import Program, fault

pytestmark = pytest.mark.django_db
RUN = f"/tasks/{rows.ADD}/jobs"


def test_tasks_are_listed_by_name_with_how_they_do(runner):
    for _number in range(3):
        rows.job(State.COMPLETED, owner=runner.user)
    rows.task("hidden.task")
    listed = runner.get("/tasks").json()
    assert (listed["count"], listed["next"]) == (1, None)
    [line] = listed["items"]
    assert (line["name"], line["may_run"], line["is_runnable"]) == (rows.ADD, True, True)
    assert (line["stats"]["runs"], line["stats"]["completed_percent"]) == (3, 100)
    assert line["stats"]["usual_seconds"] == pytest.approx(2, abs=0.01)


def test_tasks_are_found_by_words_and_come_in_pages(root):
    for number in range(5):
        rows.task(f"a.task{number}", title="Say hello" if number % 2 else "Other")
    assert [t["name"] for t in root.get("/tasks", q="hello").json()["items"]] == [
        "a.task1",
        "a.task3",
    ]
    first = root.get("/tasks", limit=3).json()
    rest = root.get("/tasks", limit=3, cursor=first["next"]).json()
    assert [t["name"] for t in first["items"] + rest["items"]] == [
        f"a.task{n}" for n in range(5)
    ]
    assert rest["next"] is None


def test_a_task_tells_its_parameters_and_its_policy(root):
    rows.task(form_tasks.many_kinds.name, queue="slow", time_limit=60)
    shown = root.get(f"/tasks/{form_tasks.many_kinds.name}").json()
    count = shown["parameters"]["properties"]["count"]
    assert (count["type"], count["maximum"], count["description"]) == (
        "integer",
        10,
        "How many times.",
    )
    assert shown["parameters"]["required"] == ["count", "when"]
    assert (shown["policy"]["queue"], shown["policy"]["time_limit"]) == ("slow", 60)
    assert shown["stats"]["runs"] == 0
    rows.task("far.away")
    far = root.get("/tasks/far.away").json()
    assert (far["parameters"], far["policy"]) == (None, None)


def test_a_task_that_one_may_not_see_is_none():
    rows.task()
    stranger = Program(rows.user("stranger"))
    assert stranger.get("/tasks").json() == {"items": [], "next": None, "count": 0}
    fault(stranger.get(f"/tasks/{rows.ADD}"), 404, "not_found")
    fault(stranger.post(RUN, {"params": {"x": 1}}), 404, "not_found")


def test_many_tasks_need_no_more_queries_than_one(root):
    def queries() -> int:
        with desk.asked() as caught:
            assert root.get("/tasks").status_code == 200
        return len(caught)

    rows.task()
    queries()
    before = queries()
    for number in range(5):
        rows.task(f"a.task{number}")
        rows.job(State.COMPLETED, task=f"a.task{number}")
    assert queries() == before


def test_the_policy_of_a_task_is_edited_by_who_manages_it(runner, root):
    address = f"/tasks/{rows.ADD}"
    given = {"max_running": 3, "rate": "10/m", "reason": "They block us."}
    fault(runner.patch(address, given), 403, "forbidden")
    holds = root.patch(address, given).json()["policy"]
    assert (holds["max_running"], holds["rate"], holds["concurrency_key"]) == (3, "10/m", "")
    event = Event.objects.get()
    assert (event.after, event.reason) == ({"max_running": 3, "rate": "10/m"}, given["reason"])
    holds = root.patch(address, {"max_running": None, "rate": None}).json()["policy"]
    assert (holds["max_running"], holds["rate"]) == (None, "")
    assert set(fault(root.patch(address, {"rate": "0/m"}), 422, "invalid")) == {"rate"}
    assert set(fault(root.patch(address, {"max_running": -1}), 422, "invalid")) == {
        "max_running"
    }
    assert set(fault(root.patch(address, {"enabled": False}), 422, "invalid")) == {"reason"}
    fault(root.patch(address, {"reason": "x"}), 422, "invalid")
    assert Task.objects.get(pk=rows.ADD).enabled


def test_a_policy_that_somebody_else_changed_is_not_overwritten(root):
    address = f"/tasks/{rows.ADD}"
    rows.task()
    seen = root.get(address).json()["seen"]
    assert root.patch(address, {"max_running": 3, "seen": seen}).status_code == 200
    fault(root.patch(address, {"max_running": 4, "seen": seen}), 409, "outdated")
    assert Task.objects.get(pk=rows.ADD).max_running == 3


def test_a_task_tells_how_its_jobs_are_limited_and_told_apart(root):
    rows.task(alike_tasks.render.name)
    holds = root.get(f"/tasks/{alike_tasks.render.name}").json()["policy"]
    assert holds["unique"] == "one for each page, 30 s"
