"""A type hint taken apart: what it asks for, whether it may be left empty, its bounds."""

import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Hint:
    """`alternatives` are the members of a union but None; most hints have just one.
    `marks` is what `Annotated` says of it: bounds and fields of pydantic."""

    alternatives: tuple[Any, ...]
    optional: bool
    marks: tuple[Any, ...]

    @classmethod
    def of(cls, annotation: Any, marks: tuple[Any, ...] = ()) -> "Hint":
        """Takes any hint apart; never raises."""
        annotation = _without_alias(annotation)
        if get_origin(annotation) is Annotated:
            inner, *said = get_args(annotation)
            return cls.of(inner, (*marks, *_spread(said)))
        if not is_union(annotation):
            return cls((annotation,), _is_nothing(annotation), marks)
        members = [each for each in get_args(annotation) if each is not types.NoneType]
        optional = len(members) < len(get_args(annotation))
        if len(members) != 1:
            return cls(tuple(members), optional, marks)
        inner = cls.of(members[0], marks)
        return cls(inner.alternatives, optional or inner.optional, inner.marks)

    @property
    def only(self) -> Any:
        """The one type asked for; Any when there are several."""
        return self.alternatives[0] if len(self.alternatives) == 1 else Any

    def bound(self, name: str) -> Any:
        """A bound by its name, as `ge` or `max_length`; None where there is none."""
        found = None
        for mark in self.marks:
            found = getattr(mark, name, found)
        return found


def is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _is_nothing(annotation: Any) -> bool:
    is_literal = get_origin(annotation) is Literal
    return annotation in (None, types.NoneType) or (is_literal and None in get_args(annotation))


def _spread(marks: list[Any]) -> list[Any]:
    spread: list[Any] = []
    for mark in marks:
        spread += [mark, *mark.metadata] if isinstance(mark, FieldInfo) else [mark]
    return spread


def _without_alias(annotation: Any) -> Any:
    """`type X = int` of Python 3.12, and NewType, as what they stand for."""
    alias = getattr(typing, "TypeAliasType", ())
    while (alias and isinstance(annotation, alias)) or isinstance(annotation, typing.NewType):
        stands_for = "__supertype__" if isinstance(annotation, typing.NewType) else "__value__"
        annotation = getattr(annotation, stands_for)
    return annotation
