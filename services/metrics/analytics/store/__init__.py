"""
The analytics store: a columnar copy of the event log of each environment, in a folder.

Rows lie in immutable segments, ordered by actor and time. One elected process writes; any number of processes read,
each from a `Snapshot` of the manifest. The whole store is derived: deleted, it is made anew from the log.
"""

from services.runtime.errors import Unavailable


class StoreUnavailable(Unavailable):
    """The store of an environment cannot be read now: it is not built yet, or it is damaged and built anew."""


class SnapshotExpired(StoreUnavailable):
    """A snapshot is so old that its files may be deleted: take another one."""
