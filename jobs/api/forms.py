"""A wish as a form with files, as `curl -F` and browsers send it."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import BaseModel

from jobs import registry
from jobs.params import takes_several

from .errors import bad_request, invalid
from .parsing import parsed

FORM = "multipart/form-data"
_JSON, _SEVERAL = ("params",), ("tags",)


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """What `wish_of` takes, for the schema."""
    schema = model.model_json_schema()
    form = {"type": "object", "properties": {"params": {"type": "string"}}}
    return {
        "required": True,
        "content": {"application/json": {"schema": schema}, FORM: {"schema": form}},
    }


def is_form(request: HttpRequest) -> bool:
    return request.content_type == FORM


def wish_of(request: HttpRequest, task: str) -> Any:
    """The body of a wish for `task`, whichever way it was sent. In a form `params` is JSON,
    each file has the name of its parameter, and the rest is as it is in JSON."""
    if request.content_type == "application/json":
        return parsed(request.body)
    if not is_form(request):
        raise bad_request(_("Send JSON, or a form with files as multipart/form-data."))
    said = {name: _read(request, name) for name in request.POST}
    params = said.setdefault("params", {})
    if not isinstance(params, dict):
        raise invalid({"params": [_("Give names with their values.")]})
    params.update(_files(request, task))
    return said


def _files(request: HttpRequest, task: str) -> dict[str, Any]:
    """The uploads by the names of their parameters."""
    lists = _lists(task)
    found = {name: request.FILES.getlist(name) for name in request.FILES}
    return {
        name: files if len(files) > 1 or name in lists else files[0]
        for name, files in found.items()
    }


def _read(request: HttpRequest, name: str) -> Any:
    if name in _JSON:
        return parsed(request.POST[name])
    return request.POST.getlist(name) if name in _SEVERAL else request.POST[name]


def _lists(task: str) -> set[str]:
    """The parameters that take several values."""
    try:
        return takes_several(registry.get(task).parameters.schema)
    except registry.UnknownTask:
        return set()
