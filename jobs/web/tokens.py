"""The page of one's own tokens for the API: made, shown once, revoked."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from jobs.models import ApiToken, Scope

from .page import page, person, show

DAYS = (7, 30, 90, 365)
_SHOWN = 100


def _lasts() -> list[tuple[int, str]]:
    """In the language of who looks: a choice made at import would stay in the site's."""
    return [(days, ngettext("%d day", "%d days", days) % days) for days in DAYS]


class NewToken(forms.Form):
    """What it is for, what it opens, and how long."""

    name = forms.CharField(
        label=lazy("Name"),
        max_length=100,
        required=False,
        help_text=lazy("What it is for, so that you know it again."),
    )
    scopes = forms.MultipleChoiceField(
        label=lazy("It may"),
        choices=Scope.choices,
        initial=[Scope.READ],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(
        label=lazy("It lasts"),
        choices=_lasts,
        coerce=int,
        initial=90,
    )


@page("POST")
def tokens(request: HttpRequest) -> HttpResponse:
    """My tokens; POST makes one, which only this answer shows."""
    form = NewToken(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return _sheet(request, form)
    if not form.is_valid():
        return _sheet(request, form, status=422)
    _row, text = ApiToken.objects.issue(person(request), **form.cleaned_data)
    return _sheet(request, NewToken(), text)


@page("POST")
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """Close one of my tokens for good."""
    mine = ApiToken.objects.filter(user=person(request).pk, pk=token_id)
    if not mine.exists():
        raise Http404
    mine.revoke()
    messages.success(request, _("The token opens nothing any more."))
    return redirect("jobs:tokens")


def _sheet(
    request: HttpRequest, form: NewToken, new: str = "", status: int = 200
) -> HttpResponse:
    mine = ApiToken.objects.filter(user=person(request).pk)
    valid = set(mine.valid().values_list("pk", flat=True))
    rows = [_row(token, token.pk in valid) for token in mine[:_SHOWN]]
    context = {"section": "tokens", "form": form, "new": new, "tokens": rows}
    return show(request, "jobs/tokens.html", context, status)


def _row(token: ApiToken, is_valid: bool) -> dict[str, Any]:
    scopes = [scope.label for scope in Scope if scope in token.scopes]
    return {"token": token, "is_valid": is_valid, "scopes": scopes}
