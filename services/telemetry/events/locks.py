"""Advisory locks of the telemetry database."""

from typing import Final

ERASURE_LOCK: Final = 0x6D69725F65726173
"""
"mir_eras". Writers of events hold it shared from before they look at the tombstones until they have committed; whoever
writes a tombstone holds it alone. So an erasure that has its tombstone finds everything that was ever stored.
"""

LEADER_LOCK: Final = 0x6D69725F6C656164
"""
"mir_lead". Held for as long as a process looks after partitions, archives and erasures that were cut short.
"""

ARCHIVE_LOCK: Final = 0x6D69725F61726368
"""
"mir_arch". Held alone by whoever archives, rewrites or drops days of the log, and by erasures from before they delete
until they have searched everything again: a day is never archived while somebody is being taken out of it.
"""
