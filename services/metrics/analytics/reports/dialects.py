"""The two kinds of SQL that reports speak: DuckDB's on the store, and ClickHouse's. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from services.metrics.analytics.reports.asking import (
    EVERY_EVENT,
    Filter,
    Operator,
    Origin,
    Property,
    Scope,
    Selection,
    Unit,
)
from services.metrics.analytics.reports.dialect import DECIMAL, DECIMALS, NUMBER, Dialect, column_of
from services.metrics.analytics.reports.local_time import DAY, HOUR, Clock, instant
from services.metrics.analytics.store.schema import Kind, PropertyColumn, literal, quoted, text_expression


class DuckDialect:
    """
    DuckDB's, on the view `events` of a snapshot.

    Args:
        kinds: of the values of each property, `Snapshot.properties`.
        rest: whether there is a column `rest`.
    """

    time: str = "epoch_us(time)"

    def __init__(self, kinds: Mapping[str, frozenset[Kind]], *, rest: bool) -> None:
        self._kinds = kinds
        self._rest = rest

    def literal(self, text: str) -> str:
        """See `Dialect`."""
        return literal(text)

    def text(self, asked: Property) -> str:
        """See `Dialect`."""
        if asked.origin is not Origin.EVENT:
            return quoted(column_of(asked))
        return text_expression(asked.name, self._kinds.get(asked.name, frozenset()), rest=self._rest)

    def number(self, asked: Property) -> str:
        """See `Dialect`."""
        return self._numeric(asked, NUMBER, "DOUBLE", [Kind.TEXT, Kind.INTEGER, Kind.NUMBER])

    def decimal(self, asked: Property) -> str:
        """See `Dialect`."""
        return self._numeric(asked, DECIMAL, f"DECIMAL(38, {DECIMALS})", [Kind.TEXT, Kind.INTEGER])

    def contains(self, text: str, part: str) -> str:
        """See `Dialect`."""
        return f"contains({text}, {literal(part)})"

    def bucket(self, instant: str, unit: Unit, clock: Clock) -> str:
        """See `Dialect`."""
        later = zip(clock.changes[1:], clock.offsets, strict=False)
        cases = " ".join(f"WHEN {instant} < {change} THEN {offset}" for change, offset in later)
        offset = f"CASE {cases} ELSE {clock.offsets[-1]} END" if cases else str(clock.offsets[-1])
        local = f"({instant} + {offset})"
        if unit is Unit.HOUR:
            return f"({instant} - {local} % {HOUR})"
        day = f"({local} // {DAY})"
        if unit is Unit.DAY:
            return day
        if unit is Unit.WEEK:
            return f"(({day} + 3) // 7 * 7 - 3)"
        date = "DATE '1970-01-01'"
        return f"date_diff('day', {date}, CAST(date_trunc('month', {date} + CAST({day} AS INTEGER)) AS DATE))"

    def moment(self, microseconds: int) -> str:
        """See `Dialect`."""
        return f"make_timestamp({microseconds})"

    def true(self, condition: str) -> str:
        """See `Dialect`."""
        return f"count(*) FILTER ({condition})"

    def quantiles(self, expression: str, levels: Sequence[float]) -> str:
        """See `Dialect`."""
        return f"quantile_cont({expression}, [{', '.join(map(str, levels))}])"

    def latest(self, expression: str, order: str) -> str:
        """See `Dialect`."""
        return f"arg_max({expression}, {order})"

    def united(self, number: str) -> str:
        """See `Dialect`."""
        return f"bit_or({number})"

    def place(self, number: str, numbers: Sequence[int]) -> str:
        """See `Dialect`."""
        return f"list_position([{', '.join(map(str, numbers))}]::BIGINT[], {number})"

    def _numeric(self, asked: Property, pattern: str, type_: str, kinds: Sequence[Kind]) -> str:
        present = self._kinds.get(asked.name, frozenset()) if asked.origin is Origin.EVENT else frozenset()
        texts = []
        if asked.origin is not Origin.EVENT:
            texts = [quoted(column_of(asked))]
        elif Kind.TEXT in present:
            texts = [quoted(PropertyColumn(Kind.TEXT, asked.name).column)]
        if self._rest and asked.origin is Origin.EVENT:
            texts.append(text_expression(asked.name, frozenset(), rest=True))
        parts = [
            f"CASE WHEN regexp_full_match({each}, {literal(pattern)}) THEN TRY_CAST({each} AS {type_}) END"
            for each in texts
        ]
        if asked.origin is Origin.EVENT:
            columns = [PropertyColumn(kind, asked.name).column for kind in kinds[1:] if kind in present]
            parts += [f"TRY_CAST({quoted(column)} AS {type_})" for column in columns]
        return f"coalesce({', '.join(parts)})" if parts else f"CAST(NULL AS {type_})"


class ClickHouseDialect:
    """ClickHouse's, on the table of `clickhouse.TABLE`."""

    time: str = "toUnixTimestamp64Micro(time)"

    def literal(self, text: str) -> str:
        """See `Dialect`."""
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def text(self, asked: Property) -> str:
        """See `Dialect`."""
        if asked.origin is not Origin.EVENT:
            return f"`{column_of(asked)}`"
        key = self.literal(asked.name)
        number = f"numbers[{key}]"
        # A whole number reads 1.0, as it does in the store.
        is_whole = f"{number} = round({number}) AND abs({number}) < 1e15"
        number_text = f"if({is_whole}, concat(toString(toInt64({number})), '.0'), toString({number}))"
        kinds = (
            f"mapContains(texts, {key}), texts[{key}]",
            f"mapContains(integers, {key}), toString(integers[{key}])",
            f"mapContains(numbers, {key}), {number_text}",
            f"mapContains(booleans, {key}), toString(booleans[{key}])",
            f"mapContains(json, {key}), json[{key}]",
        )
        return f"multiIf({', '.join(kinds)}, NULL)"

    def number(self, asked: Property) -> str:
        """See `Dialect`."""
        if asked.origin is not Origin.EVENT:
            return self._number_of(f"`{column_of(asked)}`")
        key = self.literal(asked.name)
        return (
            f"multiIf(mapContains(texts, {key}) AND match(texts[{key}], '^({_escaped(NUMBER)})$'), "
            f"toFloat64OrNull(texts[{key}]), mapContains(integers, {key}), toFloat64(integers[{key}]), "
            f"mapContains(numbers, {key}), numbers[{key}], NULL)"
        )

    def decimal(self, asked: Property) -> str:
        """See `Dialect`."""
        if asked.origin is not Origin.EVENT:
            text = f"`{column_of(asked)}`"
            return f"if(match({text}, '^({_escaped(DECIMAL)})$'), toDecimal128OrNull({text}, {DECIMALS}), NULL)"
        key = self.literal(asked.name)
        return (
            f"multiIf(mapContains(texts, {key}) AND match(texts[{key}], '^({_escaped(DECIMAL)})$'), "
            f"toDecimal128OrNull(texts[{key}], {DECIMALS}), mapContains(integers, {key}), "
            f"toDecimal128(integers[{key}], {DECIMALS}), NULL)"
        )

    def contains(self, text: str, part: str) -> str:
        """See `Dialect`."""
        return f"(position({text}, {self.literal(part)}) > 0)"

    def bucket(self, instant: str, unit: Unit, clock: Clock) -> str:
        """See `Dialect`."""
        moment = f"fromUnixTimestamp64Micro(toInt64({instant}), {self.literal(clock.name)})"
        if unit is Unit.HOUR:
            return f"toInt64(toUnixTimestamp(toStartOfHour({moment}))) * 1000000"
        date = {
            Unit.DAY: f"toDate({moment})",
            Unit.WEEK: f"toMonday({moment})",
            Unit.MONTH: f"toStartOfMonth({moment})",
        }[unit]
        return f"toInt64({date} - toDate('1970-01-01'))"

    def moment(self, microseconds: int) -> str:
        """See `Dialect`."""
        return f"fromUnixTimestamp64Micro({microseconds}, 'UTC')"

    def true(self, condition: str) -> str:
        """See `Dialect`."""
        return f"countIf({condition})"

    def quantiles(self, expression: str, levels: Sequence[float]) -> str:
        """See `Dialect`."""
        return f"quantilesExactInclusive({', '.join(map(str, levels))})({expression})"

    def latest(self, expression: str, order: str) -> str:
        """See `Dialect`."""
        return f"argMax({expression}, {order})"

    def united(self, number: str) -> str:
        """See `Dialect`."""
        return f"groupBitOr({number})"

    def place(self, number: str, numbers: Sequence[int]) -> str:
        """See `Dialect`."""
        return f"toInt64(indexOf(CAST([{', '.join(map(str, numbers))}], 'Array(Int64)'), {number}))"

    def _number_of(self, text: str) -> str:
        return f"if(match({text}, '^({_escaped(NUMBER)})$'), toFloat64OrNull({text}), NULL)"


def condition(selection: Selection, dialect: Dialect) -> str:
    """Return whether an event is among those selected; never NULL."""
    parts = [] if selection.event is None else [f"name = {dialect.literal(selection.event)}"]
    parts += [filter_condition(each, dialect) for each in selection.filters]
    return f"({' AND '.join(parts)})" if parts else "true"


def all_conditions(filters: Iterable[Filter], dialect: Dialect) -> str:
    """Return whether an event fulfils all filters; never NULL."""
    return condition(Selection(None, tuple(filters)), dialect)


def scope_condition(scope: Scope, dialect: Dialect, selection: Selection = EVERY_EVENT) -> str:
    """Return whether an event is of the tenant and in the period of a scope, fulfils its filters, and is selected."""
    parts = [
        f"time >= {dialect.moment(instant(scope.start))}",
        f"time < {dialect.moment(instant(scope.end))}",
        all_conditions(scope.filters, dialect),
        condition(selection, dialect),
    ]
    if scope.tenant is not None:
        parts.append(f"tenant = {dialect.literal(scope.tenant)}")
    return " AND ".join(parts)


def filter_condition(asked: Filter, dialect: Dialect) -> str:
    """Return whether an event fulfils a filter; never NULL."""
    text = dialect.text(asked.property)
    if asked.operator is Operator.PRESENT:
        return f"({text} IS NOT NULL)"
    if asked.operator is Operator.ABSENT:
        return f"({text} IS NULL)"
    if asked.operator in (Operator.MORE, Operator.LESS):
        sign = ">" if asked.operator is Operator.MORE else "<"
        return f"coalesce({dialect.number(asked.property)} {sign} {float(asked.values[0])!r}, false)"
    if asked.operator is Operator.CONTAINS:
        either = " OR ".join(dialect.contains(text, each) for each in asked.values)
        return f"coalesce({either}, false)"
    values = ", ".join(dialect.literal(each) for each in asked.values)
    negated = " NOT" if asked.operator is Operator.IS_NOT else ""
    return f"coalesce({text}{negated} IN ({values}), false)"


def _escaped(pattern: str) -> str:
    return pattern.replace("\\", "\\\\")
