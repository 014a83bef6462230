"""Pages of other sites: read for their API, or scraped by three queues of different haste.

Each start is held back over the whole site (`rate`), not in each worker process as Celery's
`rate_limit` does; what waits for its turn says when that is.
"""

import ipaddress
import re
import socket
from typing import Annotated, Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pydantic import Field, StringConstraints

from jobs import current_job, enqueue, task

MOST_BYTES = 1_000_000
PATIENCE_SECONDS = 10.0
IMPORTANT = ("importante.com",)
_TITLE = re.compile(rb"<title[^>]*>([^<]{0,200})", re.IGNORECASE)

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/@]+(/\S*)?$", max_length=2_000)]
Urls = Annotated[list[Url], Field(min_length=1, max_length=1_000)]


def domain(url: str) -> str:
    """What shares a rate."""
    return (urlsplit(url).hostname or "").lower()


@task(title="Call an external API", tags=["pages"], rate="10/m")
def llamar_api_externa(url: Url) -> dict[str, Any]:
    """Read a page of another site; ten begin in a minute, on all workers together.

    Args:
        url: Of a public site; an address within the house is refused.
    """
    return _read(url)


@task(title="Scrape, urgent", tags=["pages"], queue="urgent", rate="10/m", rate_key=domain)
def scrape_url_urgent(url: Url) -> dict[str, Any]:
    """Scrape a page now; when that fails, it is tried again with less haste.

    Args:
        url: Of a public site.
    """
    return _scrape(url, scrape_url_normal.name, 4)


@task(title="Scrape", tags=["pages"], queue="normal", rate="10/m", rate_key=domain)
def scrape_url_normal(url: Url) -> dict[str, Any]:
    """Scrape a page; when that fails, it is tried once more when there is nothing else to do.

    Args:
        url: Of a public site.
    """
    return _scrape(url, scrape_url_low.name, 1)


@task(title="Scrape, at leisure", tags=["pages"], queue="low", rate="10/m", rate_key=domain)
def scrape_url_low(url: Url) -> dict[str, Any]:
    """Scrape a page when there is nothing else to do.

    Args:
        url: Of a public site.
    """
    return _read(url)


@task(title="Classify and scrape", tags=["pages"])
def clasificar_y_enviar(urls: Urls) -> dict[str, str]:
    """Send each page to the queue that its domain deserves; the ids of their jobs.

    Args:
        urls: Pages of public sites.
    """
    return {url: enqueue(task_for(url), {"url": url}).pk for url in urls}


def task_for(url: str) -> str:
    name = domain(url)
    important = any(name == each or name.endswith(f".{each}") for each in IMPORTANT)
    return str((scrape_url_urgent if important else scrape_url_normal).name)


def _scrape(url: str, lower: str, priority: int) -> dict[str, Any]:
    try:
        return _read(url)
    except OSError as error:
        current_job().error(url, str(error))
        again = enqueue(lower, {"url": url}, priority=priority)
        return {"url": url, "status": "again", "job": again.pk}


def _read(url: str) -> dict[str, Any]:
    """Of the outer world only: who may run a task must not read what lies within the house."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = {each[4][0] for each in socket.getaddrinfo(parts.hostname, port)}
    if not all(ipaddress.ip_address(address).is_global for address in found):
        raise PermissionError(f"{parts.hostname} is no public site.")
    request = Request(url, headers={"User-Agent": "Batuta"})
    with build_opener(_Stay).open(request, timeout=PATIENCE_SECONDS) as answer:
        body = answer.read(MOST_BYTES)
        title = _TITLE.search(body)
    words = title[1].decode(errors="replace").strip() if title else ""
    return {"url": url, "status": answer.status, "size": len(body), "title": words}


class _Stay(HTTPRedirectHandler):
    """A public site may point to an address within the house."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None
