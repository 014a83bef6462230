"""What this site puts around every page: its Content Security Policy (nothing inline,
nothing from elsewhere), and an open door for probes."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from jobs.web import health

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'; manifest-src 'self'"
)


class ContentSecurityPolicy:
    """Adds the header, unless the view has set its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", STRICT)
        return response


PROBES = {"/healthz": health.healthz, "/readyz": health.readyz}


class Probes:
    """Answers probes by whatever name they call us: the check of a container and a load
    balancer come by an address, which ALLOWED_HOSTS has no reason to hold."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path)
        return probe(request) if probe else self.get_response(request)
