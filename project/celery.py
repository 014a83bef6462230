"""The Celery application of this site."""

import os
import warnings

from jobs.execution.app import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

app = Celery("project")
app.config_from_object("django.conf:settings", namespace="CELERY")

# Meant for pickle, which we refuse; in a container root is an ordinary user.
warnings.filterwarnings("ignore", message="You're running the worker with superuser")
