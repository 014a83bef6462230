"""How rows come to be, one or many at a time.

Of many in one INSERT each value that all of them share is sent once, so that most of the
time is the database's own.

On PostgreSQL what differs comes as arrays. That is as fast as COPY, which has no
ON CONFLICT; on SQLite it is an `executemany`.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, TypeAlias

from django.db import connections, router, transaction
from django.db.models import DateField, Field, JSONField, Model, TimeField
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import InsertQuery

from .statement import MOST_KEPT, TEXT, Shape, Statement, shape, slots

# What a row brings with it, by column.
Given: TypeAlias = Mapping[str, Any]
# Names of columns, and those of them that stand in the SQL: by the expression itself.
_Form: TypeAlias = tuple[tuple[str, ...], tuple[tuple[str, int], ...]]

_NOT_YET = object()


def given_of(row: Model) -> dict[str, Any]:
    """What the row brings with it; what the database fills in is not among it."""
    return {
        name: value
        for name, read in _attributes(type(row))
        if type(value := read(row)) is not DatabaseDefault
    }


def insert(row: Model) -> None:
    """`row.save(force_insert=True)`, without the signals, and with SQL that is written once.
    What the database fills in is read back."""
    given = given_of(row)
    statement = _insertion(type(row), router.db_for_write(type(row)), shape(given))
    with transaction.mark_for_rollback_on_error(statement.using):
        [stored] = statement.run(given)
    for field in row._meta.db_returning_fields:
        setattr(row, field.attname, getattr(stored, field.attname))
    row._state.adding, row._state.db = False, statement.using


def insert_many(model: type[Model], rows: Iterable[Model]) -> None:
    """`bulk_create(ignore_conflicts=True)` in a fifth of its time, without reading back
    what the database fills in."""
    using = router.db_for_write(model)
    alike: dict[_Form, list[Given]] = {}
    for row in rows:
        given = given_of(row)
        alike.setdefault(_form(given), []).append(given)
    with transaction.mark_for_rollback_on_error(using):
        for all_given in alike.values():
            _Insertion(model, using, all_given).run()


@lru_cache(MOST_KEPT)
def _insertion(model: type[Model], using: str, given: Shape) -> Statement:
    sample = model()
    for name, value in slots(model, 0, given).items():
        setattr(sample, name, value)
    query: Any = InsertQuery(model)
    query.insert_values([model._meta.get_field(name) for name, _value in given], [sample])
    [written] = query.get_compiler(using).as_sql()
    return Statement(model, using, written, model._meta.db_returning_fields)


class _Insertion:
    """Of rows that have the same columns, and the same expressions in them."""

    def __init__(self, model: type[Model], using: str, rows: Sequence[Given]) -> None:
        self.connection = connections[using]
        self.model = model
        self.rows = rows
        self.compiler: Any = InsertQuery(model).get_compiler(using)
        self.fields: dict[str, Any] = {name: model._meta.get_field(name) for name in rows[0]}
        self.differing = [name for name in rows[0] if self._differs(name)]

    def run(self) -> None:
        run = self._run_with_arrays if self._has_arrays else self._run_for_each
        run()

    @property
    def _has_arrays(self) -> bool:
        return self.connection.vendor == "postgresql"

    def _differs(self, name: str) -> bool:
        """JSON is compared by identity: to Python `1` and `true` are the same."""
        first = self.rows[0][name]
        if isinstance(self.fields[name], JSONField):
            return any(row[name] is not first for row in self.rows)
        if hasattr(first, "resolve_expression"):
            return False
        return any((value := row[name]) is not first and value != first for row in self.rows)

    def _run_with_arrays(self) -> None:
        places = {name: f"c{place}" for place, name in enumerate(self.differing)}
        values, params = self._values(lambda name: f"given.{places[name]}")
        # One array is enough to say how many rows there are, and there must be one.
        arrays = self.differing or [next(iter(self.fields))]
        types = [_kind(self.fields[name], self.connection) for name in arrays]
        unnest = ", ".join(f"%s::{kind}[]" for kind in types)
        named = ", ".join(f"c{place}" for place in range(len(arrays)))
        params += [self._prepared_all(name) for name in arrays]
        source = f"SELECT {values} FROM unnest({unnest}) AS given({named})"
        with self.connection.cursor() as cursor:
            cursor.execute(self._sql(source), params)

    def _run_for_each(self) -> None:
        values, params = self._values(lambda name: "%s", _NOT_YET)
        empty = [place for place, value in enumerate(params) if value is _NOT_YET]
        columns = [self._prepared_all(name) for name in self.differing]
        rows = []
        for differing in zip(*columns, strict=True) if columns else [()] * len(self.rows):
            rows.append(row := params.copy())
            for place, value in zip(empty, differing, strict=True):
                row[place] = value
        with self.connection.cursor() as cursor:
            cursor.executemany(self._sql(f"VALUES ({values})"), rows)

    def _sql(self, source: str) -> str:
        quote = self.connection.ops.quote_name
        table = quote(self.model._meta.db_table)
        columns = ", ".join(quote(field.column) for field in self.fields.values())
        return f"INSERT INTO {table} ({columns}) {source} ON CONFLICT DO NOTHING"

    def _values(self, differing: Any, *slot: Any) -> tuple[str, list[Any]]:
        """The SQL of each column's value, and its parameters."""
        written: list[str] = []
        params: list[Any] = []
        for name, field in self.fields.items():
            value = self.rows[0][name]
            if name in self.differing:
                written.append(differing(name))
                params += slot
            elif hasattr(value, "resolve_expression"):
                prepared = self.compiler.prepare_value(field, value)
                sql, own = self.compiler.compile(prepared)
                written.append(sql)
                params += own
            else:
                written.append("%s")
                params.append(_prepared(field, value, self.connection))
        return ", ".join(written), params

    def _prepared_all(self, name: str) -> list[Any]:
        field = self.fields[name]
        return [_prepared(field, row[name], self.connection) for row in self.rows]


def _prepared(field: Any, value: Any, connection: Any) -> Any:
    if type(value) is str and isinstance(field, TEXT):
        return value  # what Django does with it, at its price
    return field.get_db_prep_save(value, connection)


def _kind(field: Any, connection: Any) -> str:
    """The type of its array: a cast to varchar(255) would cut what is longer, in silence."""
    target = field.target_field if field.remote_field else field
    return "text" if isinstance(target, TEXT) else str(field.db_type(connection))


def _form(given: Given) -> _Form:
    odd = [(name, value) for name, value in given.items() if type(value) not in _PLAIN]
    return tuple(given), tuple(
        (name, id(value)) for name, value in odd if hasattr(value, "resolve_expression")
    )


# Of these types are nearly all values; the question is asked for each of many.
_PLAIN = {type(None), str, int, float, bool, dict, list}


@cache
def _attributes(model: type[Model]) -> list[tuple[str, Any]]:
    """How to read each column of a row that is to be inserted."""
    return [(field.attname, _reader(field)) for field in model._meta.local_concrete_fields]


def _reader(field: Any) -> Any:
    is_moment = isinstance(field, DateField | TimeField)
    sets_itself = is_moment and (field.auto_now or field.auto_now_add)
    is_plain = type(field).pre_save is Field.pre_save or (is_moment and not sets_itself)
    return attrgetter(field.attname) if is_plain else lambda row: field.pre_save(row, add=True)
