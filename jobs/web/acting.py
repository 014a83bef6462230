"""Jobs that a view asks for with `.delay()` belong to the person who sent the request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from jobs.dispatch.caller import on_behalf_of


class ActingPerson:
    """Middleware, after Django's AuthenticationMiddleware. The person is looked up only
    when a job is asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with on_behalf_of(request.user):
            return self.get_response(request)
