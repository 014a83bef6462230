"""Who changed what: each change in the admin leaves an event beside it."""

from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from jobs import sanitize
from jobs.models import Event


def tell(request: HttpRequest, verb: str, **facts: Any) -> None:
    """Write down what the person of the request did."""
    Event.objects.create(actor_id=request.user.pk, verb=verb, **facts)


def snapshot(row: Model, names: tuple[str, ...]) -> dict[str, Any]:
    """The named fields as JSON; of relations what people call the other row."""
    return {name: _plain(row, name) for name in names}


def difference(
    before: dict[str, Any], after: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of the two is not the same."""
    changed = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in changed}, {name: after[name] for name in changed}


def _plain(row: Model, name: str) -> Any:
    value = getattr(row, name)
    if hasattr(value, "all"):
        groups: QuerySet[Group] = value.order_by("name")
        return [str(each) for each in groups]
    if isinstance(value, Model):
        return str(value)
    try:
        return sanitize.json(value)
    except (ValueError, TypeError):
        return sanitize.text(str(value))
