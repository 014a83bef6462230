"""A project with other users, addresses, admin, layers and tasks takes us on, and leaves."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets.sync.client
from django.conf import settings

from tests.waiting import eventually

from .adopting import WALK, Office, Visitor

ANN, BOB = "ann@office.example", "bob@office.example"
# Each process that Django starts in takes seconds: what one can do is done by one.
BEFORE = f"""
from django.core.management import call_command
call_command("migrate", verbosity=0)
from people.models import Person
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_results.models import TaskResult

Person.objects.create_user("{ANN}", "secret", is_staff=True, is_superuser=True)
Person.objects.create_user("{BOB}", "secret")
every = IntervalSchedule.objects.create(every=1, period="seconds")
make = PeriodicTask.objects.create
make(name="often", task="letters.tasks.stamp", interval=every, args='["often"]')
make(name="lost", task="letters.tasks.gone", interval=every, enabled=True)
for number in range(3):
    TaskResult.objects.create(task_id=f"old-{{number}}", status="SUCCESS", result="1")
"""
CUT = "-- cut here --"
ADOPT = f"""
import io
import jobs
from django.core.management import call_command
call_command("jobs_adopt", dry_run=True)
call_command("jobs_adopt", stdout=io.StringIO())
print("{CUT}", jobs.__file__, "{CUT}")
call_command("api_token", "create", "{ANN}")
"""


@pytest.fixture(scope="module")
def before(redis_server: str, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The project before, with rows of its own, and what it became beside it."""
    office = Office.settle(tmp_path_factory.mktemp("stranger") / "office", redis_server)
    office.run(BEFORE)
    return office


@pytest.fixture(scope="module")
def adopted(before: Office, redis_server: str, packages: Path) -> Iterator[Office]:
    """The same, after the walk, with web, worker and beat."""
    office = Office(before.folder, redis_server, packages)
    office.walk()
    told = office.run(ADOPT)
    office.told, office.where, office.token = told.split(CUT)
    try:
        beat = office.start(
            "beat", "celery", "-A", "office", "beat", "-l", "INFO", "--pidfile="
        )
        web = ("uvicorn", "office.asgi:application", "--port", str(office.port))
        pages = office.start("web", *web)
        office.start_worker()
        pages.wait_for("Uvicorn running")
        beat.wait_for("beat: Starting")
        yield office
    finally:
        office.stop()


@pytest.fixture(scope="module")
def ann(adopted: Office) -> Visitor:
    return Visitor(adopted).sign_in(ANN)


@pytest.fixture(scope="module")
def program(adopted: Office) -> Visitor:
    return Visitor(adopted, adopted.token.strip())


def completed(office: Office, job_id: str) -> tuple[str, ...]:
    """Its result, owner and queue, once it is over."""

    def over() -> Any:
        columns = "state, result, owner_id, queue, traceback"
        [row] = office.rows(f"SELECT {columns} FROM jobs_job WHERE id = ?", job_id)
        assert row[0] == "completed", row
        return row[1:4]

    return eventually(over, 30)


def test_the_page_shows_what_the_dry_run_tells(adopted):
    told = re.search(r"^```\n(Settings to change.*?)\n```$", WALK, re.M | re.S)[1]
    later = re.compile(r"^  jobs\.(?!0001).*\n", re.M)  # each release may add one
    assert later.sub("", adopted.told.strip()) == told


def test_the_code_that_runs_is_that_of_the_wheel(adopted):
    where = Path(adopted.where.strip())
    assert Path(settings.BASE_DIR) not in where.parents
    # No page of this site's own, which would take the place of the stranger's.
    assert {each.name for each in (where.parent / "templates").iterdir()} == {"admin", "jobs"}


def test_pages_stand_under_the_prefix_in_the_frame_of_the_site(adopted, ann):
    job = ann.get("/send")[1]
    completed(adopted, job)
    task = "/tools/tasks/letters.tasks.stamp/"
    assert ann.get("/tools/api/docs")[0] == ann.get("/tools/api/openapi.json")[0] == 200
    for path in ("/tools/", "/tools/jobs/", "/tools/tasks/", task, "/tools/tokens/",
                 f"/tools/jobs/{job}/", f"/tools/jobs/{job}/log"):  # fmt: skip
        status, body, headers = ann.get(path)
        assert status == 200, (path, body[-2000:])
        assert "script-src 'self'" in headers["Content-Security-Policy"], path
        if not path.endswith("log"):
            assert "<h1>The office</h1>" in body and 'content="/tools/ws"' in body, path
        for file in re.findall(r'(?:href|src)="(/tools/static/[^"]*)"', body):
            assert ann.get(file)[0] == 200, file
        own = {*re.findall(r'(?:href|src|action)="(/[^"#?]*)', body)}
        assert {a for a in own if not a.startswith("/tools/")} <= {"/backstage/"}, path


def test_pages_of_the_site_are_left_alone(adopted, ann):
    status, body, headers = ann.get("/")
    assert status == 200 and "Welcome" in body
    assert "Content-Security-Policy" not in headers


def test_who_is_not_signed_in_is_sent_to_the_door_of_the_site(adopted):
    _status, body, _headers = Visitor(adopted).get("/tools/jobs/")
    assert "csrfmiddlewaretoken" in body and "The office" in body


def test_people_with_other_names_and_keys_own_jobs(adopted, ann):
    job = ann.get("/send")[1]
    result, owner, queue = completed(adopted, job)
    [[key]] = adopted.rows("SELECT id FROM people_person WHERE email = ?", ANN)
    assert (json.loads(result), owner, queue) == ("BY A VIEW", key, "office")
    assert job in adopted.manage("job", "list", "--owner", ANN, "--user", ANN)
    assert ANN in ann.get(f"/tools/jobs/{job}/")[1]
    bob = Visitor(adopted).sign_in(BOB)
    assert bob.get(f"/tools/jobs/{job}/")[0] == 404


@pytest.mark.parametrize(
    ("task", "params", "result"),
    [
        ("letters.tasks.stamp", {"text": "a"}, "A"),
        ("letters.tasks.count", {}, 1),
        ("letters.Archive", {"year": 1999}, "archived 1999"),
    ],
)
def test_tasks_of_every_kind_run_as_jobs(adopted, program, task, params, result):
    status, body, _headers = program.post(f"/tools/api/tasks/{task}/jobs", {"params": params})
    assert status == 202, body
    assert json.loads(completed(adopted, json.loads(body)["id"])[0]) == result


def test_what_is_excluded_stays_plain_celery(adopted, program):
    code = "from letters.tasks import sweep; print(sweep.delay().get(timeout=20))"
    assert adopted.run(code) == "swept"
    assert program.get("/tools/api/tasks/legacy.sweep")[0] == 404
    assert adopted.rows("SELECT 1 FROM jobs_job WHERE task = 'legacy.sweep'") == []


def test_a_program_without_our_code_is_served(adopted):
    foreign = (
        "from celery import Celery; import os\n"
        "app = Celery('foreign', broker=os.environ['OFFICE_BROKER'])\n"
        "print(app.send_task('letters.tasks.stamp', ['from abroad'], queue='office').id)"
    )
    job = adopted.run(foreign)
    eventually(lambda: adopted.rows("SELECT 1 FROM jobs_job WHERE id = ?", job), 20)
    assert json.loads(completed(adopted, job)[0]) == "FROM ABROAD"


def test_schedules_of_before_and_of_the_settings_go_on(adopted):
    def fired() -> set[str]:
        statement = (
            "SELECT p.name FROM jobs_job j JOIN django_celery_beat_periodictask p"
            " ON p.id = j.schedule_id WHERE j.state = 'completed' AND j.owner_id IS NULL"
        )
        return {name for (name,) in adopted.rows(statement)}

    eventually(lambda: fired() >= {"often", "stamp"}, 30)
    names = {
        name for (name,) in adopted.rows("SELECT name FROM django_celery_beat_periodictask")
    }
    assert names == {"often", "lost", "stamp", "celery.backend_cleanup"}


def test_results_of_before_are_kept(adopted):
    kept = adopted.rows(
        "SELECT status FROM django_celery_results_taskresult WHERE task_id LIKE 'old-%'"
    )
    assert kept == [("SUCCESS",)] * 3


def test_the_admin_of_the_site_has_our_pages(adopted, ann):
    job = ann.get("/send")[1]
    pages = ("jobs/job", "jobs/task", "jobs/event", "django_celery_beat/periodictask",
             "django_celery_results/taskresult", "jobs/apitoken")  # fmt: skip
    for page in pages:
        status, body, _headers = ann.get(f"/backstage/{page}/")
        assert status == 200 and "Backstage" in body, page
    status, body, _headers = ann.get(f"/backstage/jobs/job/{job}/change/")
    assert status == 200 and f"/tools/jobs/{job}/" in body and 'content="/tools/ws"' in body
    entry = adopted.rows("SELECT id FROM django_celery_beat_periodictask")[0][0]
    assert ann.get(f"/backstage/django_celery_beat/periodictask/{entry}/change/")[0] == 200


def test_the_socket_opens_under_the_prefix(adopted, ann):
    job = ann.get("/send")[1]
    cookie = f"sessionid={ann.cookie('sessionid')}"
    url = f"ws://127.0.0.1:{adopted.port}/tools/ws"
    with websockets.sync.client.connect(
        url, additional_headers={"Cookie": cookie}, origin=adopted.url
    ) as socket:
        socket.send(json.dumps({"type": "subscribe", "topic": f"job:{job}"}))
        said = json.loads(socket.recv(timeout=20))
    assert (said["type"], said["task_id"]) == ("snapshot", job)
    with pytest.raises(websockets.exceptions.InvalidStatus):
        websockets.sync.client.connect(url, origin="https://elsewhere.example")


def test_the_parts_tell_how_they_are(adopted):
    def ready() -> bool:
        return json.loads(Visitor(adopted).get("/tools/readyz")[1])["status"] == "ready"

    eventually(ready, 30)
