"""What a job leaves besides its row: log, errors, files, attempts, an error of many frames."""

import io
from datetime import timedelta
from typing import Any

from django.utils import timezone
from PIL import Image

from jobs.execution.thumbnails import thumbnail_of
from jobs.models import Attempt, Job, JobError
from tests.doors import rows

PROGRESS = {
    "percent": 62, "current": 248, "total": 400, "step": "resize", "rate": 5.2,
    "eta_seconds": 29, "message": "harbour_248.jpg", "attempt": 1, "n": 248,
}  # fmt: skip
RESULT = {
    "pictures": 400, "bytes": 81_234_567, "skipped": ["broken.jpg"], "is_whole": True,
    "by_folder": {"june": {"count": 120, "note": None}, "july": {"count": 280}},
    "checksum": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" * 2,
}  # fmt: skip
FAILURE = {
    "error_type": "ConnectionRefusedError",
    "error": "[Errno 111] Connection refused: smtp.example.org:587",
    "reason": "It raised ConnectionRefusedError, and no attempt is left.",
    "traceback": """Traceback (most recent call last):
  File "/srv/app/shop/mails.py", line 48, in send_newsletter
    with smtplib.SMTP(host, port, timeout=10) as server:
  File "/usr/lib/python3.11/smtplib.py", line 255, in __init__
    (code, msg) = self.connect(host, port)
  File "/usr/lib/python3.11/smtplib.py", line 341, in connect
    self.sock = self._get_socket(host, port, self.timeout)
  File "/usr/lib/python3.11/socket.py", line 851, in create_connection
    raise exceptions[0]
ConnectionRefusedError: [Errno 111] Connection refused: smtp.example.org:587
""",
}
STACK = """Thread MainThread:
  File "/srv/app/shop/ledger.py", line 112, in close_the_day
    rows = query.fetchall()
  File "/usr/lib/python3.11/site-packages/psycopg/cursor.py", line 219, in fetchall
    self._fetch_pipeline()
"""
LINES = {
    "debug": ["\x1b[2mcache: 12 hits, 3 misses\x1b[0m"],
    "info": [f"harbour_{n:03}.jpg: 4000 × 3000 → 1600 × 1200" for n in range(40)],
    "warning": ["\x1b[33mharbour_017.jpg\x1b[0m has no profile; sRGB is taken"],
    "error": ["\x1b[1;31mbroken.jpg\x1b[0m: cannot identify image file " + "<bytes> " * 30],
}  # fmt: skip


def furnish(job: Job) -> None:
    """Give a job all that a page of a job can show."""
    first = 1
    for level, texts in LINES.items():
        rows.log(job, *texts, level=level, first=first)
        first += len(texts)
    for number in range(job.errors_count):
        told = f"cannot identify image file {number}"
        JobError.objects.create(job=job, attempt=1, item="broken.jpg", message=told, at=_now())
    for number in range(1, job.attempt):
        _try(job, number)
    body = picture()
    thumbnail = thumbnail_of(body, "harbour.png")
    rows.artifact(job, "harbour.png", body, content_type="image/png", thumbnail=thumbnail)
    rows.artifact(job, "report of all pictures.csv", b"name,size\nharbour.png,1\n")
    rows.artifact(job, "notes.txt", b"Two pictures were skipped.\n", content_type="text/plain")


def _try(job: Job, number: int) -> None:
    began = job.created_at + timedelta(minutes=number)
    told = {key: FAILURE[key] for key in ("error_type", "error", "traceback")}
    ends = began + timedelta(seconds=12)
    Attempt.objects.create(
        job=job, number=number, worker="main@node-a", started_at=began, finished_at=ends, **told
    )


def steps() -> list[tuple[float, str]]:
    ago = {"Read the album": 95, "Fetch the originals from the shop": 92, "resize": 44}
    return [(_now().timestamp() - seconds, name) for name, seconds in ago.items()]


def picture() -> bytes:
    made, kept = Image.linear_gradient("L").resize((640, 400)), io.BytesIO()
    Image.merge("RGB", (made, made.rotate(180), made)).save(kept, "PNG")
    return kept.getvalue()


def _now() -> Any:
    return timezone.now()
