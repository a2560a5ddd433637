"""
Events that must not be lost: written by the application's own transaction, delivered by a relay.

`Outbox` writes an event into a table of the application's Postgres, in the transaction that makes it true: both are
committed, or neither. `OutboxRelay` (a thread) and `AsyncOutboxRelay` (asyncio) deliver what is committed. `TABLE_SQL`
belongs into the application's migrations. No database driver is imported: the application's own is used.
"""

from mirante.outbox.async_relay import AsyncOutboxRelay
from mirante.outbox.outbox import Outbox
from mirante.outbox.relay import OutboxRelay
from mirante.outbox.status import OutboxBacklog, RelayStatus
from mirante.outbox.table import TABLE_SQL

__all__ = ["TABLE_SQL", "AsyncOutboxRelay", "Outbox", "OutboxBacklog", "OutboxRelay", "RelayStatus"]
