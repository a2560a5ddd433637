"""
What is kept on disk: one line of JSON that describes, then a full `Transfer`, serialised.

The line: {"format": 1, "origin": "...", "revision": 7, "sha256": "hex of the rest"}.
"""

import hashlib
import json

from google.protobuf.message import DecodeError

from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.errors import SnapshotDamaged

FORMAT = 1


def encode_snapshot(transfer: sync_pb2.Transfer, origin: str) -> bytes:
    """Return the bytes of a full transfer; `origin` names service and environment."""
    body = transfer.SerializeToString()
    header = {
        "format": FORMAT,
        "origin": origin,
        "revision": transfer.revision,
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    return json.dumps(header).encode() + b"\n" + body


def decode_snapshot(snapshot: bytes, origin: str) -> sync_pb2.Transfer:
    """
    Return the transfer in the bytes.

    Raises:
        SnapshotDamaged: no snapshot, another format, another origin, or not whole.
    """
    line, _, body = snapshot.partition(b"\n")
    try:
        header = json.loads(line)
    except ValueError:
        raise SnapshotDamaged("the first line is not JSON") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise SnapshotDamaged(f"not of format {FORMAT}")
    if header.get("origin") != origin:
        raise SnapshotDamaged("it belongs to another service or environment")
    if header.get("sha256") != hashlib.sha256(body).hexdigest():
        raise SnapshotDamaged("the content is not what was written")
    try:
        transfer = sync_pb2.Transfer.FromString(body)
    except DecodeError:
        raise SnapshotDamaged("the content is not a transfer") from None
    if transfer.intent != sync_pb2.TRANSFER_INTENT_FULL or transfer.more:
        raise SnapshotDamaged("the content is not a full transfer")
    return transfer
