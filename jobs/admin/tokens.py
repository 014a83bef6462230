"""API tokens: everybody's own, and all of them for superusers; they are looked at and
revoked here, made where their text can be shown."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from jobs import permissions
from jobs.models import ApiToken

from .rules import OwnRules, page_of, person


@page_of(ApiToken)
class ApiTokenAdmin(OwnRules):
    list_display = ("start", "user", "name", "may", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    fields = readonly_fields = (
        "start", "user", "name", "may", "created_at", "last_used_at", "expires_at",
        "revoked_at",
    )  # fmt: skip

    def seen_by(self, user: permissions.Person) -> QuerySet[ApiToken]:
        tokens = ApiToken.objects.all()
        return tokens if user.is_superuser else tokens.filter(user=user.pk)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """With their person only: who deletes a user would else be told that they may not."""
        match = request.resolver_match
        is_ours = match is None or str(match.url_name).startswith("jobs_")
        return bool(person(request).is_superuser and not is_ours)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Only this one, be there others of Django's or the site's."""
        return {"revoke": (_revoke, "revoke", _("Revoke the chosen ones"))}

    @admin.display(description=_("may do"))
    def may(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)


def _revoke(page: Any, request: HttpRequest, chosen: Any) -> None:
    count = chosen.revoke()
    told = ngettext("%(n)d token revoked.", "%(n)d tokens revoked.", count) % {"n": count}
    page.message_user(request, told, messages.SUCCESS)
