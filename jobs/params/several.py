"""What a JSON Schema of parameters says of each: does it take several values, or files?"""

from typing import Any


def takes_several(schema: dict[str, Any]) -> set[str]:
    """The parameters that are lists."""
    return {name for name, field in _fields(schema) if _is_list(field)}


def takes_files(schema: dict[str, Any]) -> set[str]:
    """The parameters that are files, or lists of them."""
    return {name for name, field in _fields(schema) if "'format': 'binary'" in str(field)}


def _fields(schema: dict[str, Any]) -> Any:
    return schema.get("properties", {}).items()


def _is_list(field: dict[str, Any]) -> bool:
    kinds = [field, *field.get("anyOf", [])]
    return any(kind.get("type") == "array" for kind in kinds)
