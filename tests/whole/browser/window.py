"""A window of a browser, which remembers what a person could see and what went wrong."""

from typing import Any

from django.contrib.auth.models import User
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.waiting import eventually
from tests.whole.site import Site

PATIENCE_MS = 20_000
# Not there or not yours, and a form that is sent back: Chromium mourns them, we mean them.
ANSWERS = (404, 422)
# What this page showed from its first moment on, and `before` it the last page of this tab.
REMEMBER = """
(() => {
  if (location.protocol === "about:") return;
  window.before = JSON.parse(sessionStorage.shown ?? "[]");
  window.shown = [];
  const look = () => {
    const read = (selector) => document.querySelector(selector)?.textContent.trim() ?? "";
    const percent = parseInt(read("[data-p=percent]"));
    const now = [read("#part-head .pill"), Number.isNaN(percent) ? -1 : percent];
    if (String(window.shown.at(-1)) === String(now)) return;
    window.shown.push(now);
    sessionStorage.shown = JSON.stringify(window.shown);
  };
  addEventListener("DOMContentLoaded", () => {
    look();
    const all = { subtree: true, childList: true, characterData: true };
    new MutationObserver(look).observe(document.body, all);
  });
})();
"""


class Window:
    def __init__(
        self, browser: Browser, site: Site, person: User | None, **context: Any
    ) -> None:
        self.site = site
        self.context = browser.new_context(base_url=site.url, **context)
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(REMEMBER)
        if person is not None:
            self._sign_in(person)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)
        self.page.complaints = self.complaints  # type: ignore[attr-defined]

    def close(self) -> None:
        self.context.close()

    def _sign_in(self, person: User) -> None:
        cookies = self.site.login(person).items()
        self.context.add_cookies(
            [{"name": name, "value": value, "url": self.site.url} for name, value in cookies]
        )

    def _listen(self, said: ConsoleMessage) -> None:
        is_an_answer = any(f"status of {code}" in said.text for code in ANSWERS)
        if said.type in ("error", "warning") and not is_an_answer:
            self.complaints.append(said.text)


def until(page: Page, truth: str) -> Any:
    """What a JavaScript expression gives once it gives something true. (Playwright's own
    way evaluates text inside the page, which our policy forbids.)"""
    return eventually(lambda: page.evaluate(truth), PATIENCE_MS / 1000)
