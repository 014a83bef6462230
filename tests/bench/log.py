"""How smoothly the log of a job scrolls in Chromium when it is as long as one may be."""

from typing import Any

from playwright.sync_api import Page

from tests.bench.frames import web
from tests.bench.ground import Ground
from tests.bench.side import OURS
from tests.bench.table import Line, Target
from tests.whole.chromium import chromium

LINES = 100_000
SECONDS = 4
# Moves an element by some pixels in each frame, there and back; the time of each frame.
SCROLL = """([selector, pixels, seconds]) => new Promise((done) => {
  const box = document.querySelector(selector);
  const frames = [];
  let [last, end, by] = [performance.now(), performance.now() + seconds * 1000, pixels];
  box.scrollTop = 0;
  requestAnimationFrame(function step() {
    const now = performance.now();
    frames.push(now - last);
    last = now;
    const before = box.scrollTop;
    box.scrollTop += by;
    if (box.scrollTop === before) by = -by;
    now < end ? requestAnimationFrame(step) : done([frames, box.children.length]);
  });
})"""
# What a reader's wheel does in a frame, and what a pulled bar does.
WHEEL, BAR = 60, 20_000


def measure(ground: Ground, rounds: int) -> list[Line]:
    side = ground.side(OURS)
    side.tell("collect")
    job = side.tell("write", lines=LINES)
    name, _, value = side.tell("session").partition("=")
    with web(side) as site, chromium() as browser:
        url = f"http://127.0.0.1:{site.port}"
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": name, "value": value, "url": url}])
        page = context.new_page()
        page.goto(f"{url}/jobs/{job}/")
        page.locator(f"#L{LINES}").wait_for()
        found = [(_shown(page, WHEEL), _shown(page, BAR), _bare(page)) for _ in range(rounds)]
    wheel, bar, bare = zip(*found, strict=True)
    against, target = "a box without lines", Target(0.9, at_least=True)
    return [
        Line("log of 100 000 lines: read", "frames/s", wheel, against, bare, target),
        Line("log of 100 000 lines: bar pulled", "frames/s", bar, against, bare, target),
    ]


def _shown(page: Page, pixels: int) -> float:
    return _rate(page.evaluate(SCROLL, ["#lines", pixels, SECONDS]))


def _bare(page: Page) -> float:
    """The frames that this machine can draw at all."""
    return _rate(page.evaluate(SCROLL, ["#main", 1, SECONDS]))


def _rate(measured: list[Any]) -> float:
    frames, rows = measured
    if rows > 300:
        raise AssertionError(f"{rows} lines are in the page")
    return len(frames) / (sum(frames) / 1000)
