"""The rules of one environment as a subscriber holds them. Pure: applies what it is given, and does no I/O."""

from mirante.replica.digest import digest_of
from mirante.replica.replica import Change, Replica
from mirante.replica.snapshot import decode_snapshot, encode_snapshot

__all__ = ["Change", "Replica", "decode_snapshot", "digest_of", "encode_snapshot"]
