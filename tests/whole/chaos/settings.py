"""Settings of the chaos: those of the tests, and its own tasks."""

import os

from tests.settings import *  # noqa: F403

CELERY_IMPORTS = ["tests.whole.chaos.work"]
CELERY_TASK_DEFAULT_QUEUE = os.environ.get("CHAOS_QUEUE", "chaos")
