"""Schedules as a text that people keep beside their code: YAML, by names, without secrets.

What is as in a new schedule is not written, and what is not written is as in a new one; only
the zone of a cron line always is, since another site has another one. Values are those of
JSON: `22:00`, `yes` and dates are texts, whatever YAML 1.1 makes of them.
"""

import re
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import yaml
from django.utils.translation import gettext as _

from jobs.models import Schedule
from jobs.params import MASK

from .draft import blank
from .told import FIELDS, told

MOST_VALUES = 1_000_000
"""Of a whole text, with what it says by a name for parts (`&name`, `*name`) written out."""
TOP, LEFT_OUT = "schedules", "left_out"
"""`left_out` names the parameters that hold secrets: those that are there stay."""


class Unreadable(ValueError):
    """Says in words what of the text cannot be read, and where."""


def text_of(schedules: Iterable[Schedule]) -> str:
    """The same for the same schedules, whatever their keys and order."""
    usual = told(blank(None))
    by_name = sorted(schedules, key=lambda schedule: schedule.entry.name)
    entries = {each.entry.name: _entry(told(each), usual) for each in by_name}
    return str(
        yaml.dump({TOP: entries}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=96)
    )


def values_of(text: str) -> dict[str, dict[str, Any]]:
    """By name, all fields as the verbs take them. Raises Unreadable."""
    try:
        found = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as reason:
        raise Unreadable(_("This is not YAML: %(reason)s") % {"reason": reason}) from None
    entries = found.get(TOP) if isinstance(found, dict) and {*found} == {TOP} else None
    if not isinstance(entries, dict):
        words = _("At the top there must be “%(top)s:” with names below it, and nothing else.")
        raise Unreadable(words % {"top": TOP})
    usual = told(blank(None))
    return {str(name): _values(name, entry, usual) for name, entry in entries.items()}


def _entry(said: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: said[name] for name in FIELDS if said[name] != usual[name]}
    del kept["name"]
    if said["cron"] is not None:
        kept["timezone"] = said["timezone"]
    if secret := sorted(
        name for name, value in (said["params"] or {}).items() if _hides(value)
    ):
        kept["params"] = {n: v for n, v in said["params"].items() if n not in secret}
        kept[LEFT_OUT] = secret
    return {name: kept[name] for name in (*FIELDS, LEFT_OUT) if name in kept}


def _values(name: Any, entry: Any, usual: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(entry, dict) or "name" in entry:
        words = _("%(name)s: give fields with values; its name stands above them.")
        raise Unreadable(words % {"name": name})
    values = {**usual, **{str(field): value for field, value in entry.items()}}
    secret = values.pop(LEFT_OUT, None) or []
    if not isinstance(secret, list) or not isinstance(values["params"], dict):
        words = _("%(name)s: params are names with values, left_out is a list of names.")
        raise Unreadable(words % {"name": name})
    dots = {str(each): MASK for each in secret}
    return {**values, "name": name, "params": {**dots, **values["params"]}}


def _hides(value: Any) -> bool:
    """Whether there are dots in it for a secret."""
    if isinstance(value, dict):
        return any(map(_hides, value.values()))
    return value == MASK or (isinstance(value, list) and any(map(_hides, value)))


# --- YAML ------------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _parts(node: Any) -> list[Any]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Ten lines that name each other ten times are ten thousand million values."""
        is_name = self.check_event(yaml.AliasEvent)
        node: Any = super().compose_node(parent, index)
        if not is_name:
            node.weight = 1 + sum(part.weight for part in _parts(node))
        if (
            getattr(node, "weight", MOST_VALUES) >= MOST_VALUES
        ):  # one that holds itself has none
            problem = _("written out it would be too long")
            raise yaml.composer.ComposerError(None, None, problem, node.start_mark)
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _value in node.value]
        for n, key in enumerate(keys):
            if key in keys[:n]:
                problem = _("“%(name)s” is there twice") % {"name": key}
                mark = node.value[n][0].start_mark
                raise yaml.constructor.ConstructorError(None, None, problem, mark)
        return super().construct_mapping(node, deep)


# Less than what the dumper takes for more than a text: so it quotes all that must be.
for _kind, _pattern, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", [*"tf"]),
    ("int", r"[-+]?(0|[1-9][0-9]*)", [*"-+0123456789"]),
    ("float", r"[-+]?[0-9]+\.[0-9]*([eE][-+][0-9]+)?", [*"-+0123456789"]),
):
    _whole = re.compile(rf"(?:{_pattern})\Z")
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", _whole, _first)
