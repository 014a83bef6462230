"""Tasks of the tests that people watch in a browser."""

import asyncio
from pathlib import Path

from jobs import current_job, task

FUNCTION = "bite"
"""What a page must never be made to call."""

BITES = (
    f"<script>{FUNCTION}()</script>",
    f"<img src=x onerror={FUNCTION}()>",
    f'"><svg onload={FUNCTION}()>',
    f"' autofocus onfocus='{FUNCTION}()' onmouseover='{FUNCTION}()' x='",
    f"</script></title></style></textarea><img src=x onerror={FUNCTION}()>",
    f"&lt;img src=x onerror={FUNCTION}()&gt;",
    f"javascript:{FUNCTION}()",
    f"\x1b[31;1m<img src=x onerror={FUNCTION}()>\x1b[0m",
    f"{{{{ 7|add:7 }}}}{{% debug %}}${{{FUNCTION}()}}",
)
HOSTILE = " ".join(BITES)


@task
def talk(wait: str) -> int:
    """Write numbered lines until the file `wait` exists; how many."""
    job, count = current_job(), 0
    while not Path(wait).exists():
        count += 1
        print(f"word {count}")
        job.sleep(0.05)
    return count


@task(stall_after=2)
def fall_silent(waits: list[str]) -> int:
    """Write a line whenever the next of the files exists, and nothing in between."""
    for wait in waits:
        while not Path(wait).exists():
            current_job().sleep(0.05)
        print(f"saw {Path(wait).name}")
    return len(waits)


@task
async def linger(wait: str) -> str:
    """Wait in a coroutine of a coroutine until the file `wait` exists."""
    return await _until_there(Path(wait))


async def _until_there(path: Path) -> str:
    while not path.exists():
        await asyncio.sleep(0.05)
    return path.name


@task
def bite(text: str, wait: str, fail: bool = False) -> dict[str, list[str]]:
    """Put a hostile text wherever a task can put one, then again once `wait` exists."""
    _bite_everywhere(text)
    while not Path(wait).exists():
        current_job().sleep(0.05)
    _bite_everywhere(text)
    if fail:
        raise type(HOSTILE, (Exception,), {})(text)
    return {text: [text]}


def _bite_everywhere(text: str) -> None:
    job = current_job()
    job.step(text)
    job.progress(1, 2, text)
    for level in ("debug", "info", "warning", "error", text):
        job.log(text, level)
    for piece in BITES:
        print(piece)
    job.error(text, text)
    job.checkpoint({text: text})
    job.attach(text.encode(), f"{text}.html", "text/html")
