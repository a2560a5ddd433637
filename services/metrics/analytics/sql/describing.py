"""Says what the columns of the view `events` are. Pure."""

from collections.abc import Sequence
from typing import Final

from mirante.api.metrics.v1 import sql_service_pb2 as pb2

from services.metrics.analytics.sql.checking import EVENTS
from services.metrics.analytics.store.schema import IDENTIFIED, REST, Kind, property_of

_COLUMNS: Final = {
    "tenant": "The customer company; empty for events outside of any.",
    "actor": "The person after all merges, as a number; NULL for nobody.",
    "time": "When it happened, UTC.",
    "received": "When it was committed to the log, UTC.",
    "position": "Its place in the log, counted from 0.",
    "name": "The event's name.",
    "user_id": "The user whom the event names.",
    "anonymous_id": "The device whom the event names.",
    "session": "The session it belongs to.",
    "library": "What sent it.",
    "library_version": "The version of what sent it.",
    "release": "The release of the application.",
    "locale": "The language of the browser.",
    "page_path": "The page it happened on.",
    "page_title": "The title of that page.",
    "page_referrer": "Where that page was come from.",
    "browser": "The browser's name.",
    "browser_version": "The browser's version.",
    "device": "The kind of device.",
    "os": "The operating system.",
    "imported": "Whether it was brought in later: received then says nothing about when it happened.",
    IDENTIFIED: "Whether the event itself names a user.",
    REST: "Properties that have no column of their own, as one JSON object.",
}
_KINDS: Final = {
    Kind.TEXT: "text, or a decimal number: TRY_CAST(... AS DECIMAL(38, 9)) reads it exactly",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a floating-point number",
    Kind.BOOLEAN: "true or false",
    Kind.JSON: "a list or a map, as JSON",
}


def described(columns: Sequence[tuple[str, str]]) -> pb2.SqlTable:
    """Return the view with columns of these names and types; how many rows it has is left out."""
    return pb2.SqlTable(
        name=EVENTS,
        description="Every row is an event. A property has a column for each kind of value that occurs.",
        columns=[pb2.SqlTableColumn(name=name, type=type_, description=_description(name)) for name, type_ in columns],
    )


def _description(column: str) -> str:
    found = property_of(column)
    return _COLUMNS.get(column, "") if found is None else f"The property {found.name}: {_KINDS[found.kind]}."
