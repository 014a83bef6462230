"""A project without Batuta. Database and broker are described as the site describes them,
so that both sides stand on the same ground; BENCH_RESULTS says where results go."""

import os

from project.settings import (
    CELERY_BROKER_TRANSPORT_OPTIONS,
    CELERY_BROKER_URL,
    CELERY_WORKER_HIJACK_ROOT_LOGGER,
    DATABASES,
    LOGGING,
    SECRET_KEY,
)

__all__ = [
    "CELERY_BROKER_TRANSPORT_OPTIONS",
    "CELERY_BROKER_URL",
    "CELERY_WORKER_HIJACK_ROOT_LOGGER",
    "DATABASES",
    "LOGGING",
    "SECRET_KEY",
]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django_celery_beat",
    "django_celery_results",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

CELERY_IMPORTS = ["tests.bench.tasks"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_DB_REUSE_MAX = int(os.environ["BENCH_REUSE"]) or None
CELERY_RESULT_BACKEND = os.environ["BENCH_RESULTS"]
CELERY_TASK_IGNORE_RESULT = CELERY_RESULT_BACKEND == "disabled"
CELERY_TASK_TRACK_STARTED = not CELERY_TASK_IGNORE_RESULT
CELERY_RESULT_EXTENDED = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
