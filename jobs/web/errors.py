"""Error pages: one sentence, one way on. They ask nothing of the database."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from .page import seal


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return seal(render(request, "400.html", status=400))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return seal(render(request, "403.html", status=403))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return seal(render(request, "404.html", status=404))


def broken(request: HttpRequest) -> HttpResponseBase:
    """500, or 503 while the database does not answer."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        response = seal(render(None, "503.html", status=503))
        response["Retry-After"] = "5"
        return response
    return seal(render(None, "500.html", status=500))
