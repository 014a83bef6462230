"""Questions to the parameters of jobs, which are JSON of any shape, and to their tags.

Each is an expression that is true or false and never fails: a value is compared only where
it has the right type. Names are identifiers, so that no path can mean anything else.
"""

import re
from typing import Any

from django.db.models import BooleanField, F, Func, Q, Value

MOST_NAMES = 5
OPERATORS = ("<=", ">=", "<", ">", "=")
WORDS = {"true": "boolean", "false": "boolean", "null": "null"}
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)

# How each kind of JSON value is told, read and compared in each database.
_SQLITE_KINDS = {
    "number": "'integer', 'real'",
    "string": "'text'",
    "boolean": "'true', 'false'",
    "null": "'null'",
}
_SQLITE_GIVEN = {"number": "CAST(%s AS REAL)", "boolean": "(%s = 'true')"}
_POSTGRESQL_CASTS = {"number": "::numeric", "boolean": "::boolean"}
_ESCAPE = r" ESCAPE '\'"


class HasTag(Func):
    """Whether a JSON list holds a text."""

    output_field = BooleanField()
    template = "EXISTS (SELECT 1 FROM json_each(%(expressions)s)"
    arg_joiner = ") WHERE json_each.value = "

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        how = {"template": "%(expressions)s::text)", "arg_joiner": " @> jsonb_build_array("}
        return self.as_sql(compiler, connection, **how, **extra)


class HasTagLike(HasTag):
    """Whether a text in a JSON list is like a pattern of `pattern`, in capitals or not."""

    template = f"EXISTS (SELECT 1 FROM json_each(%(expressions)s{_ESCAPE})"
    arg_joiner = ") WHERE json_each.value LIKE "

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        texts = "jsonb_array_elements_text(jsonb_path_query_array("
        template = f"EXISTS (SELECT 1 FROM {texts}%(expressions)s{_ESCAPE})"
        joiner = ", '$[*]')) AS tag WHERE tag ILIKE "
        return self.as_sql(compiler, connection, template=template, arg_joiner=joiner, **extra)


def has_tag(tag: str) -> HasTag:
    """Whether a job carries the tag, or one like it where there is a `*` in it."""
    if "*" in tag:
        return HasTagLike("tags", Value(pattern(tag)))
    return HasTag("tags", Value(tag))


class Like(Func):
    """Whether a text is like a pattern of `pattern`, in capitals or not."""

    output_field = BooleanField()
    template = f"(%(expressions)s{_ESCAPE})"
    arg_joiner = " LIKE "

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, arg_joiner=" ILIKE ", **extra)


def pattern(text: str) -> str:
    """`text` for LIKE: `*` stands for anything, all else for itself."""
    return re.sub(r"\*+", "%", re.sub(r"([\\%_])", r"\\\1", text))


def like(column: str, text: str) -> Like:
    """Whether the column is like `text`, in which `*` stands for anything."""
    return Like(F(column), Value(pattern(text)))


class Param(Func):
    """Whether a parameter is of a kind, and stands so to what is given."""

    output_field = BooleanField()

    def __init__(self, names: tuple[str, ...], kind: str, operator: str, given: str) -> None:
        super().__init__(F("params"))
        self.names, self.kind, self.operator, self.given = names, kind, operator, given

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        column = self._column(compiler)
        path = "$." + ".".join(f'"{name}"' for name in self.names)
        is_kind = f"json_type({column}, %s) IN ({_SQLITE_KINDS[self.kind]})"
        value, given = f"json_extract({column}, %s)", _SQLITE_GIVEN.get(self.kind, "%s")
        escape = _ESCAPE if self.operator == "LIKE" else ""
        return self._sql(is_kind, f"{value} {self.operator} {given}{escape}", path)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        column, cast = self._column(compiler), _POSTGRESQL_CASTS.get(self.kind, "")
        is_kind = f"jsonb_typeof({column} #> %s::text[]) = '{self.kind}'"
        value, given = f"({column} #>> %s::text[]){cast}", f"%s{cast}"
        if self.operator == "LIKE":
            return self._sql(is_kind, f"{value} ILIKE {given}{_ESCAPE}", [*self.names])
        order = ' COLLATE "C"' if self.kind == "string" else ""
        return self._sql(is_kind, f"{value} {self.operator} {given}{order}", [*self.names])

    def _column(self, compiler: Any) -> str:
        sql: str = compiler.compile(self.get_source_expressions()[0])[0]
        return sql

    def _sql(self, is_kind: str, test: str, path: Any) -> tuple[str, list[Any]]:
        if self.kind == "null":
            return f"COALESCE({is_kind}, 1 = 0)", [path]
        return f"(CASE WHEN {is_kind} THEN {test} ELSE 1 = 0 END)", [path, path, self.given]


def param(path: str, value: str) -> Q:
    """`size` and `>3`: as numbers where both are, else as texts. Raises ValueError for a
    path that is not made of names."""
    names = tuple(path.split("."))
    if len(names) > MOST_NAMES or not all(name.isidentifier() for name in names):
        raise ValueError(path)
    operator, given = _compared(value)
    if operator != "=":
        kind = "number" if _NUMBER.fullmatch(given) else "string"
        return Q(Param(names, kind, operator, given))
    found = Q(Param(names, "string", "LIKE", pattern(given)))
    if _NUMBER.fullmatch(given):
        found |= Q(Param(names, "number", "=", given))
    if kind := WORDS.get(given.lower(), ""):
        found |= Q(Param(names, kind, "=", given.lower()))
    return found


def _compared(value: str) -> tuple[str, str]:
    """The operator, and what is compared with."""
    operator = next((each for each in OPERATORS if value.startswith(each)), "")
    given = value[len(operator) :].strip()
    if not given:
        raise ValueError(value)
    return operator or "=", given
