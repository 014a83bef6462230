"""A program talks to a real site: it asks for jobs, follows them, and stops them."""

import json
import re
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from jobs.models import ApiToken, Job, Scope
from tests.sample_tasks import report
from tests.waiting import eventually

from .site import Site

DOCS = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text()
Answer = tuple[int, Any]


class Program:
    """Sends what `curl` would send, with the token of an administrator."""

    def __init__(self, site: Site) -> None:
        root = User.objects.create_superuser("root")
        _row, self.token = ApiToken.objects.issue(root, list(Scope))
        self.url = f"{site.url}/api"

    def send(self, method: str, address: str, body: Any = None, prefer: str = "") -> Answer:
        raw = None if body is None else json.dumps(body).encode()
        return self.send_raw(method, address, raw, "application/json", prefer)

    def send_raw(
        self, method: str, address: str, raw: bytes | None, kind: str, prefer: str = ""
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        headers["Prefer"] = prefer
        request = urllib.request.Request(f"{self.url}{address}", raw, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, _read(response)
        except urllib.error.HTTPError as refusal:
            return refusal.code, _read(refusal)

    def get(self, address: str) -> Any:
        status, said = self.send("GET", address)
        assert status == 200, said
        return said


def _read(response: Any) -> Any:
    text = response.read().decode()
    return json.loads(text) if text else None


@pytest.fixture
def program(site: Site) -> Program:
    return Program(site)


def state(program: Program, job_id: str) -> str:
    return str(program.get(f"/jobs/{job_id}")["state"])


def test_the_example_of_the_documentation_works(site: Site, program: Program) -> None:
    example, _other = re.findall(r"^curl -H.*?\n\n?```", DOCS, re.M | re.S)
    body = re.search(r"-d '(.+?)'", example)
    address = re.search(r"https://jobs\.example\.org/api(\S+)", example)
    assert body and address
    wish = json.loads(body[1])
    wish["params"]["seconds"] = 0.1
    status, asked = program.send("POST", address[1], wish)
    assert status == 202
    assert asked["id"] == asked["task_id"] and asked["ws_topic"] == f"job:{asked['id']}"
    site.ends(asked["id"])
    assert program.send("POST", address[1], wish) == (200, asked | {"state": "completed"})


def test_a_job_is_followed_to_its_end(site: Site, program: Program) -> None:
    wish = {"params": {"total": 3}, "tags": ["followed"]}
    _status, asked = program.send("POST", f"/tasks/{report.name}/jobs", wish)
    log, after = [], 0
    while after is not None:
        page = program.get(f"/jobs/{asked['id']}/logs?after={after}")
        log += [line["text"] for line in page["items"]]
        after = page["next"]
    assert [text for text in log if text.startswith("line")] == ["line 0", "line 1", "line 2"]
    told = program.get(f"/jobs/{asked['id']}/result")
    assert (told["state"], told["result"]) == ("completed", 3)
    listed = program.get("/jobs?tag=followed&state=completed")
    assert [job["id"] for job in listed["items"]] == [asked["id"]]
    assert listed["items"][0]["progress"]["percent"] == 100


def test_a_job_that_runs_is_cancelled(site: Site, program: Program, tmp_path: Path) -> None:
    wish = {"params": {"total": 1, "wait": str(tmp_path / "never")}}
    _status, asked = program.send("POST", f"/tasks/{report.name}/jobs", wish)
    eventually(lambda: state(program, asked["id"]) == "running", 30)
    status, job = program.send("POST", f"/jobs/{asked['id']}/cancel", {"reason": "enough"})
    assert (status, job["requested"]) == (200, "cancel")
    eventually(lambda: state(program, asked["id"]) == "cancelled", 30)
    [event] = program.get(f"/jobs/{asked['id']}/events")["items"]
    assert (event["verb"], event["by"], event["reason"]) == ("cancel", "root", "enough")


def test_who_would_wait_is_answered_with_the_end(site: Site, program: Program) -> None:
    wish = {"params": {"total": 2}}
    address = f"/tasks/{report.name}/jobs"
    status, job = program.send("POST", address, wish, prefer="respond-async, wait=30")
    assert (status, job["state"], job["result"]) == (200, "completed", 2)
    assert job["ws_topic"] == f"job:{job['id']}"
    again = f"/jobs/{job['id']}/retry"
    assert program.send("POST", again, {}, prefer="wait=30")[1]["result"] == 2


def test_who_would_not_wait_that_long_is_told_where_to_look(
    site: Site, program: Program, tmp_path: Path
) -> None:
    wish = {"params": {"total": 1, "wait": str(tmp_path / "never")}}
    status, asked = program.send("POST", f"/tasks/{report.name}/jobs", wish, prefer="wait=1")
    assert status == 202 and "result" not in asked


def test_ten_wishes_at_once_under_one_key_are_one_job(site: Site, program: Program) -> None:
    wish = {"params": {"total": 1}, "idempotency_key": "at once"}

    def ask(_number: int) -> Answer:
        return program.send("POST", f"/tasks/{report.name}/jobs", wish)

    with ThreadPoolExecutor(10) as crowd:
        answers = list(crowd.map(ask, range(10)))
    assert sorted(status for status, _said in answers) == [200] * 9 + [202]
    assert len({said["id"] for _status, said in answers}) == 1
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"{", "application/json"),
        (b"x" * 3_000_000, "application/json"),
        (b"\xff\xfe\x00", "application/json"),
        (b"--x\r\nbroken", "multipart/form-data"),
        (b"{}", "text/plain"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_site_lives(
    site: Site, program: Program, raw: bytes, kind: str
) -> None:
    status, said = program.send_raw("POST", f"/tasks/{report.name}/jobs", raw, kind)
    assert (status, set(said)) == (400, {"code", "detail", "fields"})
    assert "Traceback" not in site.web.news()


@pytest.mark.parametrize(
    "address",
    ["/nothing", "/jobs/%00", "/jobs/%ff%fe", "/jobs/..%2f..%2fx", "/jobs/" + "x" * 5000],
)
def test_an_address_that_is_none_is_told_in_our_shape(program: Program, address: str) -> None:
    status, said = program.send("GET", address)
    assert (status, said["code"]) == (404, "not_found")
