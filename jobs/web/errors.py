"""Error pages: one sentence, one way on. They ask nothing of the database."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from .page import seal


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _told(render(request, "400.html", status=400))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _told(render(request, "403.html", status=403))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _told(render(request, "404.html", status=404))


def broken(request: HttpRequest) -> HttpResponseBase:
    """500, or 503 while the database does not answer."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        response = _told(render(None, "503.html", status=503))
        response["Retry-After"] = "5"
        return response
    return _told(render(None, "500.html", status=500))


def _told(response: HttpResponse) -> HttpResponseBase:
    """Kept by no cache: what is a 404 for one is a page for another, or will be."""
    add_never_cache_headers(response)
    return seal(response)
