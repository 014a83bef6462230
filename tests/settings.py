"""Settings of the tests: the site's own, on throw-away data.

The environment is set before the site's settings are read, and processes that a test
starts inherit it. `TEST_DATABASE_URL` chooses PostgreSQL, `TEST_REDIS_URL` a server,
`TEST_BROKER_URL` RabbitMQ.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.rabbitmq import own_url


def remove(path: str, owner: int) -> None:
    """At the end of the process that made it; a forked child ends too."""
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)


# Each of the processes that share a run's tests has its own data.
PART = os.environ.get("PYTEST_XDIST_WORKER", "")
if os.environ.get("BATUTA_TEST_PART") != PART:
    folder = tempfile.mkdtemp(prefix="batuta-")
    os.environ["BATUTA_TEST_PART"] = PART
    os.environ["ENV_FILE"] = os.devnull  # what a developer's .env says does not count here
    atexit.register(remove, folder, os.getpid())
    os.environ["DATA_DIR"] = folder
    os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 50
    os.environ["REDIS_URL"] = os.environ.get("TEST_REDIS_URL") or f"unix://{folder}/redis.sock"
    os.environ["DATABASE_URL"] = (
        os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{folder}/db.sqlite3"
    )
    for name in ("DEBUG", "BROKER_URL", "CELERY_BROKER_URL", "RABBITMQ_URL", "EMAIL_URL"):
        os.environ[name] = ""
    if os.environ.get("TEST_BROKER_URL"):  # nobody is there before a test asks for the broker
        os.environ["BROKER_URL"] = own_url(os.environ["TEST_BROKER_URL"])

from project.settings import *  # noqa: F403
from project.settings import DATABASES, STATIC_ROOT, STORAGES

CELERY_IMPORTS = [
    "tests.sample_tasks",
    "tests.hostile_tasks",
    "tests.odd_tasks",
    "tests.loud_tasks",
    "tests.rescue_tasks",
    "tests.watched_tasks",
    "tests.retry_tasks",
    "tests.fitting_tasks",
    "tests.limited_tasks",
    "tests.turn_tasks",
    "tests.fallback_tasks",
    "tests.alike_tasks",
    "tests.seed_tasks",
    "tests.released_tasks",
]
CELERY_WORKER_LOST_WAIT = 1.0  # seconds that a worker hopes for the last words of a dead child
# A database in a file, not in memory: threads and processes of the tests share it.
DATABASES["default"]["TEST"] = {
    "NAME": f"test_batuta_{os.environ.setdefault('BATUTA_TEST_ID', str(os.getpid()))}"
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(Path(os.environ["DATA_DIR"]) / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# No manifest: tests find static files where they lie.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
STATIC_ROOT.mkdir(exist_ok=True)
