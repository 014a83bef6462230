"""Parameters: what one function may be given, from a person's hands into the function."""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from . import bounds
from .file import File, Upload
from .fitting import misfits
from .invalid import Invalid, invalid
from .kept import holds_treasure, opened, secret_texts, treasured
from .model import build, handed_over, schema_of
from .secret import MASK, Unreadable, mentions_secret, sealed
from .shown import masked, named, without_seals
from .signature import REQUIRED, read

if TYPE_CHECKING:
    from .form import ParametersForm


class Parameters:
    """The one definition of what a function takes: it judges, keeps, gives back, shows
    and asks for it. `secrets` are names of parameters that are sealed though the function
    gets a plain value; `files` those that are uploaded though the function gets a path.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str = "",
        secrets: Sequence[str] = (),
        files: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.signature = read(function)
        self.secrets = tuple(secrets)
        self.names = tuple(each.name for each in self.signature.parameters)
        self.model = build(name, self.signature, secrets, files)
        self._hints = {each.name: each.hint for each in self.signature.parameters}
        self._uploaded = tuple(files)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of what `validate` takes."""
        return schema_of(self.model, self.secrets)

    @cached_property
    def has_secrets(self) -> bool:
        """Whether anything in here is to be sealed."""
        return bool(self.secrets) or "'writeOnly': True" in str(self.schema)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """JSON of the defaults that come back from it as they were."""
        fields = self.model.model_fields.items()
        found = ((field.alias or name, self._default(name)) for name, field in fields)
        return {name: default[0] for name, default in found if default}

    def validate(self, given: Mapping[str, Any]) -> BaseModel:
        """The values, typed; raises Invalid with the errors of each parameter."""
        if not isinstance(given, Mapping):
            raise Invalid({"": [_("Give names with their values.")]})
        bounds.refuse_odd(given)
        try:
            values = self.model.model_validate(dict(given))
        except ValidationError as error:
            raise invalid(error, self.model) from None
        plain = self._plain(values)
        # Once more: "nan" and "9" * 2000 were text until now.
        bounds.refuse_odd(plain)
        bounds.refuse_large(plain)
        return values

    def store(self, values: BaseModel, keep: Callable[[Upload], str]) -> dict[str, Any]:
        """JSON for the row: secrets sealed, each file the id that `keep` gives it. What
        was not given stands there with its default, as far as JSON can say it."""
        stored = self._plain(values)
        if self._has_treasures:
            stored = treasured(stored, self._dumped(values, "python"), keep)
        for name in {*self.secrets} & set(stored):
            # An upload of that name is sealed by itself already when it is a Secret.
            if stored[name] is not None:
                stored[name] = sealed(stored[name])
        stored = copy.deepcopy(self.defaults) | stored
        return {name: stored.pop(name) for name in self.names if name in stored} | stored

    def load(
        self, stored: Mapping[str, Any], open_file: Callable[[str], File]
    ) -> dict[str, Any]:
        """What the function is to be called with, typed; raises Invalid when the function
        has changed since, or SECRET_KEY has."""
        text = json.dumps({name: _readable(name, value) for name, value in stored.items()})
        try:
            values = self.model.model_validate_json(text, context={"open_file": open_file})
        except ValidationError as error:
            raise invalid(error, self.model) from None
        loaded = {
            field.alias or attribute: getattr(values, attribute)
            for attribute, field in self.model.model_fields.items()
            if attribute in values.model_fields_set
        }
        for name in {*self._uploaded} & set(loaded):
            loaded[name] = handed_over(self._hints[name], loaded[name])
        return loaded | (values.model_extra or {})

    def split(self, loaded: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """What `load` gave, as positional and keyword arguments: some functions take
        their first parameters by position only (`def f(a, /)`)."""
        by_position: list[Any] = []
        by_name = dict(loaded)
        for each in self.signature.parameters:
            if not each.by_position or (each.name not in loaded and each.default is REQUIRED):
                break
            by_position.append(by_name.pop(each.name, each.default))
        return by_position, by_name

    def judge_call(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """What a caller in code sent is not typed, but the function must be able to take
        it; raises Invalid when it cannot (any more)."""
        if found := misfits(self.signature.plain, args, kwargs):
            raise Invalid(found)

    def shown(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """What is stored, for people: secrets masked, files as they are."""
        return {
            name: self._veiled(name, without_seals(value)) for name, value in stored.items()
        }

    def hides(self, name: str) -> bool:
        """Whether nobody is shown what is given as `name`."""
        return name in self.secrets or mentions_secret(self._hints.get(name))

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """What a caller in code sent, by name, as JSON for people to read; never raises."""
        sent = named(self.signature, args, kwargs)
        return {
            # Code may well send a plain text where the hint says Secret.
            name: MASK if mentions_secret(self._hints.get(name)) else self._veiled(name, value)
            for name, value in ((name, masked(value)) for name, value in sent.items())
        }

    def secret_texts(self, loaded: Mapping[str, Any]) -> tuple[str, ...]:
        """The secrets among what the function is called with, its own defaults included,
        to be masked wherever the job writes."""
        defaults = {each.name: each.default for each in self.signature.parameters}
        return tuple(
            text
            for name, value in {**defaults, **loaded}.items()
            for text in secret_texts(value, self.hides(name))
        )

    def plain(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """JSON of what was given, each value by itself: typed where it fits, else as it is."""
        found = {}
        for name, value in given.items():
            try:
                found[name] = self.fitted(name, value)
            except ValueError:
                found[name] = masked(value)
        return found

    def fitted(self, name: str, value: Any) -> Any:
        """JSON of one value as it would be stored; raises ValueError where it does not fit."""
        fields = self.model.model_fields.items()
        attribute = next((each for each, info in fields if (info.alias or each) == name), None)
        if attribute is None:
            raise ValueError(name)
        values = self.model.model_construct(_fields_set=set())
        self.model.__pydantic_validator__.validate_assignment(values, attribute, value)
        return next(iter(self._dumped(values, "json").values()))

    def form(
        self,
        data: Any = None,
        files: Any = None,
        initial: Mapping[str, Any] | None = None,
        **how: Any,
    ) -> "ParametersForm":
        """A Django form for them; `initial` is what an earlier job had stored."""
        from .form import ParametersForm

        return ParametersForm(self, data, files, initial, **how)

    @cached_property
    def _has_treasures(self) -> bool:
        return self.has_secrets or "'format': 'binary'" in str(self.schema)

    def _default(self, attribute: str) -> list[Any]:
        field = self.model.model_fields[attribute]
        if field.is_required() or field.alias in self.secrets or holds_treasure(field.default):
            return []
        validator = self.model.__pydantic_validator__
        empty = self.model.model_construct(_fields_set=set())
        values = self.model.model_construct(
            _fields_set={attribute}, **{attribute: field.default}
        )
        try:
            plain = self._dumped(values, "json")[field.alias or attribute]
            bounds.refuse_odd({attribute: plain})
            validator.validate_assignment(empty, attribute, plain)
        except (Invalid, ValidationError, PydanticSerializationError, KeyError):
            return []
        return [plain] if getattr(empty, attribute) == field.default else []

    def _plain(self, values: BaseModel) -> dict[str, Any]:
        try:
            return self._dumped(values, "json")
        except PydanticSerializationError as error:
            raise Invalid({self._culprit(values): [_("JSON cannot hold this.")]}) from error

    def _culprit(self, values: BaseModel) -> str:
        for attribute in values.model_fields_set:
            try:
                values.model_dump(mode="json", include={attribute})
            except PydanticSerializationError:
                field = self.model.model_fields.get(attribute)
                return field.alias or attribute if field else attribute
        return ""

    @staticmethod
    def _dumped(values: BaseModel, mode: str) -> dict[str, Any]:
        return values.model_dump(
            mode=mode, by_alias=True, include=values.model_fields_set, warnings=False
        )

    def _veiled(self, name: str, value: Any) -> Any:
        # A plain text may stand in a row of before it was called a secret.
        is_bare = isinstance(value, str) and self.hides(name)
        return MASK if value is not None and (is_bare or name in self.secrets) else value


def _readable(name: str, value: Any) -> Any:
    try:
        return opened(value)
    except Unreadable as reason:
        problem = _("This secret can no longer be read: SECRET_KEY has changed.")
        raise Invalid({name: [problem]}) from reason
