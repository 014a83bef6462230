"""From a signature to a pydantic model that judges what is given for it."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any, Optional, get_args, get_origin

from pydantic import BaseModel, ConfigDict, EmailStr, Field, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from .email import Email
from .file import File
from .hints import Hint
from .signature import REQUIRED, Parameter, Signature, humanised

log = logging.getLogger(__name__)

_RULES = ConfigDict(
    hide_input_in_errors=True,
    protected_namespaces=(),
    allow_inf_nan=False,
    ser_json_bytes="base64",
    val_json_bytes="base64",
    ser_json_inf_nan="constants",
)


class Schema(GenerateJsonSchema):
    """JSON Schema that says nothing of a type it cannot tell, instead of failing."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> JsonSchemaValue:
        return {}


def build(
    name: str, signature: Signature, secrets: Sequence[str], files: Sequence[str]
) -> type[BaseModel]:
    """The model of a function's parameters. A hint that pydantic does not understand is
    taken as Any, and the log says so."""
    rules = ConfigDict(**_RULES, extra="allow" if signature.further else "forbid")
    fields: dict[str, Any] = {}
    for parameter in signature.parameters:
        hint = _asked(parameter, files)
        if not _is_understood(hint, rules):
            log.warning("%s: the hint of %r is taken as Any: %r", name, parameter.name, hint)
            hint = Any
        fields[_attribute(parameter.name, fields)] = (hint, _field(parameter, hint, secrets))
    model_name = re.sub(r"\W", "_", name) or "Parameters"
    return create_model(model_name, __config__=rules, **fields)


def schema_of(model: type[BaseModel], secrets: Sequence[str]) -> dict[str, Any]:
    """JSON Schema of what may be given; no default of a secret is told."""
    schema = model.model_json_schema(schema_generator=Schema)
    schema.pop("title", None)
    for name, about in schema.get("properties", {}).items():
        if name in secrets:
            about |= {"format": "password", "writeOnly": True}
        if about.get("writeOnly") or "writeOnly" in str(about):
            about.pop("default", None)
    return schema


def handed_over(hint: Any, value: Any) -> Any:
    """A file as the function wants it: its path as text or Path, its bytes, or a File."""
    if isinstance(value, list):
        inner = (*get_args(Hint.of(hint).only), Any)[0]
        return [handed_over(inner, each) for each in value]
    wanted = Hint.of(hint).only
    if not isinstance(value, File) or wanted not in _FROM_FILE:
        return value
    return _FROM_FILE[wanted](value)


_FROM_FILE: dict[Any, Callable[[File], Any]] = {
    str: lambda file: str(file.path),
    Path: lambda file: file.path,
    bytes: lambda file: file.path.read_bytes(),
}


def _asked(parameter: Parameter, files: Sequence[str]) -> Any:
    hint = Hint.of(parameter.hint)
    if hint.only is EmailStr:  # would need one more package
        return Optional[Email] if hint.optional else Email  # noqa: UP045
    if get_origin(hint.only) in (Iterable, Iterator) or hint.only in (Iterable, Iterator):
        # pydantic makes a generator of these, which could be read only once.
        several = GenericAlias(list, (*get_args(hint.only), Any)[0])
        return Optional[several] if hint.optional else several  # noqa: UP045
    if parameter.name not in files:
        return parameter.hint
    asked: Any = list[File] if get_origin(hint.only) is list or hint.only is list else File
    asked = Annotated[asked, *hint.marks] if hint.marks else asked
    return Optional[asked] if hint.optional else asked  # noqa: UP045


def _is_understood(hint: Any, rules: ConfigDict) -> bool:
    """Whether pydantic can judge it, to the last nested model."""
    try:
        probe = create_model("Probe", __config__=rules, value=(hint, ...))
        return bool(probe.model_rebuild(force=True))
    # Whatever classes a site hints with run their own code here.
    except Exception:
        return False


def _field(parameter: Parameter, hint: Any, secrets: Sequence[str]) -> Any:
    """Only the alias is forced: the site's own `Field(...)` in the hint says the rest."""
    said: dict[str, Any] = {"alias": parameter.name}
    own = FieldInfo.from_annotation(hint)
    if parameter.help and not own.description:
        said["description"] = parameter.help
    if not own.title:
        said["title"] = humanised(parameter.name)
    if parameter.name in secrets:
        said["repr"] = False
    return Field(... if parameter.default is REQUIRED else parameter.default, **said)


def _attribute(name: str, taken: dict[str, Any]) -> str:
    """A name that no attribute of pydantic's models has; people know the alias only."""
    attribute = name.lstrip("_") or "value"
    while attribute in taken or hasattr(BaseModel, attribute) or attribute.startswith("model_"):
        attribute = f"the_{attribute}"
    return attribute
