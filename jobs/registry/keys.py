"""What jobs have in common: a template of parameters, "{customer_id}", or a function."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

Key: TypeAlias = str | Callable[..., Any]
OWNER = "owner"
# A name and nothing else: no attribute of a value, no format of it.
FIELD = re.compile(r"{(\w*)}")


def refuse_strange_key(
    option: str, key: Any, parameters: Mapping[str, Any], secrets: Iterable[str]
) -> None:
    """Raises TypeError or ValueError for a key that no job could have, or that would tell
    a secret."""
    if key is None or (option == "fair_by" and key == OWNER):
        return
    if not (isinstance(key, str) or callable(key)):
        raise TypeError(f'{option} is like "{{customer_id}}" or a function, not {key!r}')
    names = wanted_by(key)
    if isinstance(key, str) and not names:
        raise ValueError(f'{option} names a parameter, like "{{customer_id}}", not {key!r}')
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    for name in names:
        if name not in parameters and not takes_any:
            raise TypeError(f"{option} names the parameter {name!r}, which there is not")
        if name in {secrets} if isinstance(secrets, str) else name in {*secrets}:
            raise ValueError(f"{option} would tell the secret {name!r}")


def wanted_by(key: Key) -> list[str]:
    """The parameters that it is made of."""
    if isinstance(key, str):
        return FIELD.findall(key)
    named = inspect.signature(key).parameters.values()
    return [each.name for each in named if each.kind in _NAMED and each.default is each.empty]


def told(key: Key, params: Mapping[str, Any]) -> Any:
    """What it is with these parameters. Raises what the function raises."""
    if isinstance(key, str):
        return FIELD.sub(lambda found: str(params.get(found[1], "")), key)
    named = inspect.signature(key).parameters.values()
    if any(each.kind is each.VAR_KEYWORD for each in named):
        return key(**params)
    taken = {each.name for each in named if each.kind in _NAMED}
    return key(**{name: value for name, value in params.items() if name in taken})


_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
