"""The other side: Celery and django-celery-results as their manuals set them up."""

from .celery import app as celery_app

__all__ = ["celery_app"]
