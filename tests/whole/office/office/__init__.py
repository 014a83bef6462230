"""Somebody's site as it was before it took us on; docs/adopting.md is what is done to it."""

from .celery import app as celery_app

__all__ = ["celery_app"]
