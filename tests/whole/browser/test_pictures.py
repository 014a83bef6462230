"""From the form to the zip: real pictures, watched by the one who asked for them."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, expect

from jobs.models import Job

from .conftest import IMAGES
from .window import until

pytestmark = pytest.mark.browser
PICTURES = ("album.zip", "harbour.jpg", "panorama.webp", "printed-poster.jpg", "broken.jpg")


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Sign in").click()


def ask(page: Page, files: list[Path]) -> None:
    """Fill the form of the image task and send it."""
    page.get_by_label("Pictures").set_input_files(files)
    expect(page.locator("[data-chosen] li")).to_have_count(len(files))
    for operation in ("blur", "rotate", "resize", "enhance"):
        page.get_by_label(operation, exact=True).check()
    page.get_by_role("button", name="Run now").click()
    page.wait_for_url("**/jobs/*/")


def test_an_operator_signs_in_runs_watches_reloads_and_takes_the_pictures_home(
    sit, olga, samples
):
    page = sit()
    page.goto(reverse("jobs:task", args=[IMAGES]))
    sign_in(page, "olga")
    ask(page, [samples / name for name in PICTURES])
    until(page, "new Set(shown.map(([, percent]) => percent)).size > 4")
    page.reload()
    before, after = page.evaluate("[before, shown]")
    assert after[0] >= before[-1]
    assert after[0][0] == "Running"
    percents = [percent for _, percent in before]
    assert percents == sorted(percents)
    assert len(set(percents) - {-1, 0, 100}) >= 3
    expect(page.locator("#part-head .pill")).to_have_text("Completed with errors")
    percents = [percent for state, percent in page.evaluate("shown") if state == "Running"]
    assert percents == sorted(percents)
    _holds_what_was_made(page, Job.objects.get())
    assert page.complaints == []


def _holds_what_was_made(page: Page, job: Job) -> None:
    """The page as it stands, which nobody has loaded again."""
    made = job.result["processed"]
    assert (made, job.errors_count) == (11, 2)
    expect(page.locator("#errors .n")).to_have_text("2")
    expect(page.locator("#errors")).to_contain_text("album.zip/summer/broken.jpg")
    expect(page.get_by_role("link", name="2 errors counted")).to_be_visible()
    pictures = page.locator(".arts img")
    expect(pictures).to_have_count(made)
    for number in range(made):
        pictures.nth(number).scroll_into_view_if_needed()
    until(page, "[...document.querySelectorAll('.arts img')].every((i) => i.naturalWidth > 0)")
    expect(page.locator("#nav-running")).to_be_empty()
    expect(page).to_have_title(re.compile("^Completed with errors: "))
    with page.expect_download() as download:
        page.get_by_role("link", name="All that it made, as zip").click()
    _is_the_zip(Path(download.value.path()), job)


def _is_the_zip(path: Path, job: Job) -> None:
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        for about in job.result["pictures"]:
            with Image.open(io.BytesIO(packed.read(about["name"]))) as picture:
                assert picture.size == (about["width"], about["height"])


ASK = """(topic) => new Promise((done) => {
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/ws");
  const heard = [];
  socket.onopen = () => {
    socket.send(JSON.stringify({ type: "subscribe", topic }));
    socket.send(JSON.stringify({ type: "ping" }));
  };
  socket.onmessage = ({ data }) => {
    heard.push(JSON.parse(data));
    if (heard.at(-1).type === "pong") done(heard.map(({ type, code }) => [type, code ?? null]));
  };
  socket.onclose = ({ code }) => done([["closed", code]]);
})"""


def test_a_second_person_sees_nothing_of_it(sit, site, olga, otto, samples):
    page = sit(olga)
    page.goto(reverse("jobs:task", args=[IMAGES]))
    ask(page, [samples / "logo-transparent.png"])
    job = Job.objects.get()
    assert ["snapshot", None] in page.evaluate(ASK, f"job:{job.pk}")
    site.ends(job)
    stranger = sit(otto)
    stranger.goto("/jobs/")
    expect(stranger.get_by_role("heading", name="Nothing ran yet")).to_be_visible()
    assert stranger.evaluate(ASK, f"job:{job.pk}") == [["error", 404], ["pong", None]]
    artifact = job.artifacts.get(kind="output", name__endswith=".png")
    for name, given in {
        "job": [job.pk],
        "log": [job.pk],
        "archive": [job.pk],
        "artifact": [job.pk, artifact.pk],
        "thumbnail": [job.pk, artifact.pk],
    }.items():
        address = reverse(f"jobs:{name}", args=given)
        assert page.request.get(address).status == 200, name
        assert stranger.request.get(address).status == 404, name
