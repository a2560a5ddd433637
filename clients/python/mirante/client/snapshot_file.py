"""The last known rules on disk."""

import contextlib
import hashlib
import logging
import os
import secrets
from pathlib import Path

from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.client.settings import ClientSettings
from mirante.errors import SnapshotDamaged
from mirante.replica import decode_snapshot, encode_snapshot

_log = logging.getLogger("mirante")

LARGEST_FILE = 256 << 20


class SnapshotFile:
    """
    One file in the cache directory, for one service and environment; processes may share it.

    It is replaced as a whole, so readers see the old content or the new one, also after a power cut. Problems are
    logged and never raised: without the file the client still works, only not while the service is away.
    """

    def __init__(self, folder: Path, settings: ClientSettings) -> None:
        # A key that names its environment opens one environment only, so the key stands for it.
        identity = f"{settings.origin}\0{'' if settings.environment else settings.api_key}"
        self._origin = settings.origin
        self.path = folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.snapshot"

    def load(self) -> sync_pb2.Transfer | None:
        """Return the full transfer that was saved; None when there is none that can be used."""
        try:
            with self.path.open("rb") as file:
                return decode_snapshot(file.read(LARGEST_FILE), self._origin)
        except FileNotFoundError:
            return None
        except (OSError, SnapshotDamaged) as error:
            _log.warning("the last known flags in %s cannot be used: %s", self.path, error)
            return None

    def save(self, transfer: sync_pb2.Transfer) -> bool:
        """Put the transfer there, readable by this user only; return whether that worked."""
        temporary = self.path.with_suffix(f".{os.getpid()}-{secrets.token_hex(4)}.tmp")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(temporary, "xb", opener=_private) as file:
                file.write(encode_snapshot(transfer, self._origin))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
        except OSError as error:
            _log.warning("the last known flags cannot be saved to %s: %s", self.path, error)
            with contextlib.suppress(OSError):
                temporary.unlink()
            return False
        return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
