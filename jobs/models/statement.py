"""UPDATE … RETURNING: Django 5.2 has no call for it, SQLite (3.35) and PostgreSQL speak it.

Django takes five times as long to write the SQL of a guarded move as the database takes to
do it. So one that every job needs can be kept, and the INSERT too: values that change from
job to job are slots in it; what shapes the SQL (None, expressions) stands in it as it is.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import CharField, Expression, Model, QuerySet, TextField
from django.db.models.sql import UpdateQuery

# Values by name: those that shape the SQL, and SLOT for the others.
Shape: TypeAlias = tuple[tuple[str, Any], ...]
SLOT = "slot"
# More than all that are in use; an expression that never comes again makes room.
MOST_KEPT = 200


# Of these a text is stored as it is.
TEXT = (CharField, TextField)


class Slot(Expression):
    """Stands in the SQL for the value that `given[place][name]` has when it runs."""

    def __init__(self, place: int, name: str, field: Any) -> None:
        super().__init__(output_field=field)
        self.place, self.name = place, name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)

    def value(self, given: tuple[Mapping[str, Any], ...], connection: Any) -> Any:
        value = given[self.place][self.name]
        if type(value) is str and isinstance(self.output_field, TEXT):
            return value  # what Django does with it, at its price
        return self.output_field.get_db_prep_save(value, connection)


def shape(values: Mapping[str, Any]) -> Shape:
    return tuple(
        (name, value if value is None or hasattr(value, "resolve_expression") else SLOT)
        for name, value in values.items()
    )


def slots(model: type[Model], place: int, shape: Shape) -> dict[str, Any]:
    return {
        name: Slot(place, name, model._meta.get_field(name)) if value is SLOT else value
        for name, value in shape
    }


class Statement:
    """SQL to run, with slots or without, that hands back the rows with only `fields`."""

    def __init__(
        self, model: type[Model], using: str, written: tuple[str, Any], fields: Iterable[Any]
    ) -> None:
        self.model = model
        self.using = using
        # Empty when it can change nothing.
        self._sql, self._params = written
        # `from_db` takes the values in the order of the model, not of `fields`.
        wanted = set(fields)
        columns = [column for column in model._meta.concrete_fields if column in wanted]
        self._attnames = [column.attname for column in columns]
        self._converters = self._converters_of(columns)
        quote = connections[using].ops.quote_name
        self._returning = ", ".join(quote(str(column.column)) for column in columns)

    def _converters_of(self, columns: list[Any]) -> list[tuple[int, Any, Any]]:
        """From what the database hands back to what Python reads, by place in the row."""
        selection = [column.get_col(self.model._meta.db_table) for column in columns]
        query = self.model._default_manager.using(self.using).query
        found = query.get_compiler(self.using).get_converters(selection)
        return [
            (place, convert, column)
            for place, (converters, column) in found.items()
            for convert in converters
        ]

    def run(self, *given: Mapping[str, Any]) -> list[Any]:
        """The rows that it changed; `given` holds the values for the slots."""
        if not self._sql:
            return []
        connection = connections[self.using]
        params = self._filled(given)
        with connection.cursor() as cursor:
            cursor.execute(f"{self._sql} RETURNING {self._returning}", params)
            rows = [list(row) for row in cursor.fetchall()]
        for row in rows:
            for place, convert, column in self._converters:
                row[place] = convert(row[place], column, connection)
        return [self.model.from_db(self.using, self._attnames, row) for row in rows]

    def _filled(self, given: tuple[Mapping[str, Any], ...]) -> list[Any]:
        connection = connections[self.using]
        return [
            param.value(given, connection) if isinstance(param, Slot) else param
            for param in self._params
        ]


def update(
    chosen: QuerySet[Any], changes: Mapping[str, Any], fields: Iterable[str]
) -> Statement:
    """The change of all rows that a queryset chooses."""
    model = chosen.model
    using = chosen._db or router.db_for_write(model)  # type: ignore[attr-defined]
    query: Any = chosen.query.chain(UpdateQuery)
    query.add_update_values(changes)
    try:
        written = query.get_compiler(using).as_sql()
    except EmptyResultSet:  # the WHERE can match nothing
        written = "", ()
    return Statement(model, using, written, map(model._meta.get_field, fields))
