"""Actions that ask first: what was chosen is shown with a form, and done when it comes back
agreed to. What was chosen travels as Django's own fields of an action."""

from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest
from django.template.response import TemplateResponse

AGREED = "agreed"


def is_agreed(request: HttpRequest) -> bool:
    """Whether the form of the question was sent."""
    return AGREED in request.POST


def ask(
    page: Any, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> TemplateResponse:
    """The question about the action that was chosen in the list."""
    names = ("action", "select_across", "back")
    sent = [(name, request.POST.get(name, "")) for name in names]
    sent += [(ACTION_CHECKBOX_NAME, key) for key in request.POST.getlist(ACTION_CHECKBOX_NAME)]
    back = request.POST.get("back")
    frame = {
        "back": page.address_of(back) if back else request.get_full_path(),
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "media": page.media,
        "sent": [(name, value) for name, value in [*sent, (AGREED, "yes")] if value],
        "is_all": is_all(request),
    }
    request.current_app = page.admin_site.name
    return TemplateResponse(request, template, frame | context, status=status)


def is_all(request: HttpRequest) -> bool:
    """Whether all rows that match were chosen, not only those of the list's page."""
    return request.POST.get("select_across") == "1"
