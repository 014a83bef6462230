"""What all pages share: a signed-in person, the site's frame, and headers that let no
foreign code in."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, cast

from django.contrib.admin.utils import quote
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from jobs import permissions
from jobs.conf import configuration
from jobs.reading.beat import beat
from jobs.reading.schedules import missed
from jobs.reading.workers import ill

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

SAFE = ("GET", "HEAD")
_ENTRY = "django_celery_beat_periodictask"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page(
    *methods: str,
) -> Callable[[View[P]], View[P]]:
    """A view for signed-in people, answering GET, HEAD and `methods`."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def sealed(
            request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            return seal(_looked(request, view, *args, **kwargs))

        allowed = require_http_methods([*SAFE, *methods])
        return cast(View[P], never_cache(allowed(login_required(sealed))))

    return decorate


def _looked(
    request: HttpRequest, view: View[P], *args: P.args, **kwargs: P.kwargs
) -> HttpResponseBase:
    """The answer; who only looks is asked for their rights once."""
    with permissions.asked_once() if request.method in SAFE else nullcontext():
        return view(request, *args, **kwargs)


def seal(response: HttpResponseBase) -> HttpResponseBase:
    """Nothing but our own files may run, load or frame this."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


def show(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render a page or a part of one in the site's frame."""
    frame = _frame(request) | {"admin_url": lambda: _in_admin(context)}
    return render(request, template, frame | context, status=status)


def person(request: HttpRequest) -> permissions.Person:
    """Who asks."""
    return cast(permissions.Person, request.user)


def _frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame around a page shows; asked for only when it is drawn."""
    user = person(request)
    return {
        "base_template": configuration().base_template,
        "running": cache(lambda: running(user)),
        "beat": cache(beat),
        "missed": cache(lambda: _missed(user)),
        "may_control_workers": cache(lambda: permissions.may_control_workers(user)),
        "may_control_queues": cache(lambda: permissions.may_control_queues(user)),
        "ill_workers": cache(lambda: ill(user)),
        # A site may have no such address; who works in the admin can leave by that.
        "logout_url": lambda: _address("logout") or _admin_logout(user),
    }


def running(user: permissions.Person) -> int:
    """How many jobs that `user` may see run now (by the index of leases)."""
    if isinstance(user, AnonymousUser):
        return 0
    return permissions.jobs(user).filter(lease_expires_at__isnull=False).count()


def _missed(user: permissions.Person) -> int:
    """How many schedules that `user` may see missed a fire lately."""
    if isinstance(user, AnonymousUser):
        return 0
    return len({each.schedule for each in missed(permissions.schedules(user))})


def _admin_logout(user: permissions.Person) -> str:
    return _address("admin:logout") if getattr(user, "is_staff", False) else ""


def _in_admin(context: dict[str, Any]) -> str:
    """What a page is about, in the admin; or else its first page."""
    about = [("job", "jobs_job"), ("task", "jobs_task"), ("entry", _ENTRY)]
    about.append(("worker", "jobs_worker"))
    rows = [(page, context[name].pk) for name, page in about if context.get(name)]
    found = (_address(f"admin:{page}_change", quote(key)) for page, key in rows)
    lists = {"jobs": "jobs_job", "tasks": "jobs_task", "schedules": _ENTRY}
    lists["workers"] = "jobs_worker"
    all_of = _address(f"admin:{lists.get(context.get('section', ''))}_changelist")
    return next(found, "") or all_of or _address("admin:index")


def _address(name: str, *args: str) -> str:
    """Where that is; "" on a site that has no such thing."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
