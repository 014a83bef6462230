"""The page on which people read and try the API. It needs no other server: its scripts come
with django-ninja."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

# What the scripts of the page need beside our own rules: its pictures lie in its style.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)


@require_safe
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """The schema for people."""
    address = reverse("jobs:api:openapi")
    settings = {"url": address, "layout": "BaseLayout", "deepLinking": True}
    context = {"settings": settings, "openapi": address}
    response = render(request, "jobs/api/docs.html", context)
    response["Content-Security-Policy"] = POLICY
    return response
