"""This site. Celery's app is loaded with it, so that tasks find it wherever they are used."""

from project.celery import app as celery_app

__all__ = ["celery_app"]
