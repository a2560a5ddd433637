"""What brings a subscriber to the present revision, as bytes that are made once and sent to all."""

from collections.abc import Iterator
from typing import Final

from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from services.flags.catalog import FlagCatalog
from services.flags.environment_rules import EnvironmentRules
from services.flags.store import Entry, Kind
from services.flags.watch.resume_token import Position, issue
from services.runtime.wire_fields import bytes_field

PART_BYTES: Final = 900_000
"""A part of a transfer is about this large at most: subscribers accept messages of 4 MiB by default."""

_MOST_KEPT: Final = 64
"""Different starting points whose transfers are kept; they are made again for those beyond."""

_FIELDS: Final = sync_pb2.Transfer.DESCRIPTOR.fields_by_name
_FIELD_OF: Final = {
    (Kind.FLAG, False): _FIELDS["flags"].number,
    (Kind.FLAG, True): _FIELDS["removed_flags"].number,
    (Kind.SEGMENT, False): _FIELDS["segments"].number,
    (Kind.SEGMENT, True): _FIELDS["removed_segments"].number,
}
_TRANSFER: Final = sync_pb2.WatchFlagsResponse.DESCRIPTOR.fields_by_name["transfer"].number


class Transfers:
    """
    Transfers of one environment to the present revision, from wherever subscribers stand.

    `renew` must be called when the environment was replaced in the catalog.
    """

    def __init__(self, catalog: FlagCatalog, environment: str) -> None:
        self._catalog = catalog
        self._environment = environment
        self.renew()

    def renew(self) -> None:
        """Take up the environment as it is now."""
        self._rules = self._catalog.rules(self._environment)
        self._token = issue(self._catalog.token_secret, self._environment, self._rules.snapshot.position)
        self._kept: dict[int | None, list[bytes]] = {}
        self.position: Position = self._rules.snapshot.position
        """Where every transfer leads."""
        self.heartbeat = sync_pb2.WatchFlagsResponse(
            heartbeat=sync_pb2.Heartbeat(revision=self._rules.head.revision)
        ).SerializeToString()
        """The heartbeat of a subscriber that is at `position`, serialised."""

    @property
    def committed_at(self) -> float:
        """When the present revision was committed, in seconds since 1970 by the database's clock."""
        return self._rules.head.revised_at.timestamp()

    def parts_from(self, position: Position | None) -> list[bytes]:
        """
        Return serialised `WatchFlagsResponse`s that bring a subscriber from `position` to the present one.

        Everything if it holds nothing (None), is of another lineage, or stands where changes are not known from.
        """
        lineage, revision = self.position
        since = None
        newest = self._catalog.rules(self._environment)
        if newest.snapshot.position == self.position:
            # The same rules, of which more may be known: what was archived before they were loaded.
            self._rules = newest
        if position is not None and position[0] == lineage and self._rules.complete_since <= position[1] <= revision:
            since = position[1]
        parts = self._kept.get(since)
        if parts is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            parts = self._kept[since] = list(_parts(self._rules, since, self._token))
        return parts


def _parts(rules: EnvironmentRules, since: int | None, token: bytes) -> Iterator[bytes]:
    if since is None:
        intent, entries = sync_pb2.TRANSFER_INTENT_FULL, list(rules.live())
    elif since == rules.head.revision:
        intent, entries = sync_pb2.TRANSFER_INTENT_NONE, []
    else:
        intent, entries = sync_pb2.TRANSFER_INTENT_CHANGES, list(rules.changes_since(since))
    fields: list[bytes] = []
    size = 0
    for entry in entries:
        field = _field(entry)
        if fields and size + len(field) > PART_BYTES:
            yield _response(sync_pb2.Transfer(intent=intent, more=True), fields)
            fields, size = [], 0
        fields.append(field)
        size += len(field)
    last = sync_pb2.Transfer(
        intent=intent,
        revision=rules.head.revision,
        lineage=rules.head.lineage,
        resume_token=token,
        digest=rules.snapshot.digest,
    )
    last.committed_at.FromDatetime(rules.head.revised_at)
    yield _response(last, fields)


def _field(entry: Entry) -> bytes:
    payload = entry.key.encode() if entry.archived else entry.definition
    return bytes_field(_FIELD_OF[entry.kind, entry.archived], payload)


def _response(transfer: sync_pb2.Transfer, fields: list[bytes]) -> bytes:
    return bytes_field(_TRANSFER, b"".join([transfer.SerializeToString(), *fields]))
