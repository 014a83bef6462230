"""Whoever goes by keyboard sees where they are, and nothing moves for whom motion hurts."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.whole.chromium import signed_in

from . import exhibits, walk

pytestmark = pytest.mark.browser
PAGES = ("home-trouble", "jobs-ticked", "job-running", "job-failed", "task-kinds",
         "task-files", "policy", "tokens")  # fmt: skip
# One control of each kind takes the focus as the keyboard gives it. Its ring may be drawn
# around what holds it, or beside it; it must stand out from what is behind it (WCAG 1.4.11).
UNSEEN = """() => {
  const paint = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
    .getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => rgba(colour).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (element) => {
    for (let one = element.parentElement; one; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one);
      if (rgba(backgroundColor)[3] === 255) return backgroundColor;
    }
    return "white";
  };
  const stands = (element) => {
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
    if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) return false;
    const [dark, bright] = [light(outlineColor), light(behind(element))].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05) >= 3;
  };
  const kinds = new Map();
  const wanted = "a[href], button, input:not([type=hidden]), select, textarea, summary, "
    + "[tabindex='0']";
  for (const one of document.querySelectorAll(wanted)) {
    if (!one.disabled && one.checkVisibility()) {
      kinds.set(`${one.localName}.${one.type ?? ""}.${one.className}`, one);
    }
  }
  const unseen = [];
  for (const [kind, one] of kinds) {
    one.focus();
    if (document.activeElement !== one) continue;
    const holder = one.parentElement;
    const around = [one, holder, holder.parentElement, one.nextElementSibling];
    if (!around.some((place) => place && stands(place))) unseen.push(kind);
  }
  return [kinds.size, unseen];
}"""
MOVING = """() => document.getAnimations().map(({ effect }) => effect.target.outerHTML)
  .concat([...document.querySelectorAll("body *")].flatMap((one) =>
    [null, "::before", "::after"].flatMap((part) => {
      const style = getComputedStyle(one, part);
      const isStill = style.animationName === "none" && style.scrollBehavior === "auto";
      return isStill && parseFloat(style.transitionDuration) === 0 ? [] : [one.outerHTML];
    })))
  .map((place) => place.slice(0, 100))"""


def test_focus_is_seen_and_nothing_moves(browser: Any, live_server: Any, admin: Any) -> None:
    jobs = exhibits.hang(admin)
    page = signed_in(browser, live_server.url, "admin")
    pages = walk.addresses(jobs)
    found = []
    for name in walk.walk(page, {name: pages[name] for name in PAGES}):
        found += [f"{name}: {trouble}" for trouble in _troubles(page)]
    assert found == []


def _troubles(page: Page) -> list[str]:
    found = []
    for look in ("light-1440", "dark-1440"):
        walk.look(page, look)
        page.keyboard.press("Tab")
        kinds, unseen = page.evaluate(UNSEEN)
        assert kinds > 5
        found += [f"no ring in {look}: {kind}" for kind in unseen]
        found += [f"moves: {one}" for one in page.evaluate(MOVING)]
    return found


def test_bars_and_symbols_move_for_everybody_else(
    browser: Any, live_server: Any, admin: Any
) -> None:
    """Else there would be nothing to hold still."""
    jobs = exhibits.hang(admin)
    page = signed_in(browser, live_server.url, "admin")
    page.goto(walk.addresses(jobs)["job-running"])
    assert page.evaluate(MOVING)
