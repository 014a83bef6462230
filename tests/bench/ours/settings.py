"""The site's own settings; what differs comes from the environment of the run."""

import os

from project.settings import *  # noqa: F403

CELERY_IMPORTS = ["tests.bench.tasks", "tests.bench.ours.tasks", "tests.bench.ours.limits"]
CELERY_DB_REUSE_MAX = int(os.environ["BENCH_REUSE"]) or None
