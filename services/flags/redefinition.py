"""What a flag becomes: which fields the caller decides, and which the service keeps. Pure."""

import hashlib
from collections.abc import Callable
from typing import Final, TypeAlias

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.flags.v1 import flag_pb2

from services.runtime.errors import InvalidRequest

MakeSalt: TypeAlias = Callable[[], str]
"""Returns 16 random hexadecimal digits."""

_HASH_VERSION: Final = 1


def created(given: flag_pb2.Flag, make_salt: MakeSalt) -> flag_pb2.Flag:
    """Return a new flag, never killed. Salts that it brings along are kept, so that nobody moves between variants."""
    flag = _copy(given)
    flag.ClearField("kill")
    bucketing = flag.bucketing
    bucketing.salt = bucketing.salt or make_salt()
    bucketing.coverage_salt = bucketing.coverage_salt or make_salt()
    bucketing.hash_version = bucketing.hash_version or _HASH_VERSION
    _name_rules(flag)
    return flag


def redefined(current: flag_pb2.Flag, given: flag_pb2.Flag, *, field: str = "flag") -> flag_pb2.Flag:
    """
    Return the flag with another definition. Bucketing, kill state and version stay.

    Raises:
        InvalidRequest: another type, or another bucketing than the flag has; both are frozen.
    """
    if given.type != current.type:
        name = flag_pb2.FlagType.Name(current.type).removeprefix("FLAG_TYPE_").lower()
        raise InvalidRequest.of(
            f"{field}.type", f"is {name} since the flag was created", reason=reasons.ERROR_REASON_INVALID_DEFINITION
        )
    if given.HasField("bucketing") and given.bucketing != current.bucketing:
        raise InvalidRequest.of(
            f"{field}.bucketing",
            "was frozen when the flag was created: leave it out",
            reason=reasons.ERROR_REASON_INVALID_DEFINITION,
        )
    flag = _copy(given)
    flag.version = current.version
    flag.bucketing.CopyFrom(current.bucketing)
    flag.ClearField("kill")
    if current.HasField("kill"):
        flag.kill.CopyFrom(current.kill)
    _name_rules(flag)
    return flag


def transplanted(current: flag_pb2.Flag, source: flag_pb2.Flag) -> flag_pb2.Flag:
    """Return the flag with the definition that it has in another environment; on or off it stays as it is here."""
    given = _copy(source)
    given.on = current.on
    given.ClearField("bucketing")
    return redefined(current, given)


def _copy(flag: flag_pb2.Flag) -> flag_pb2.Flag:
    copy = flag_pb2.Flag()
    copy.CopyFrom(flag)
    # What a newer caller wrote cannot be checked here, so it is not stored.
    copy.DiscardUnknownFields()
    return copy


def _name_rules(flag: flag_pb2.Flag) -> None:
    """Give rules without an id one that follows from their content: the same rules twice get the same ids."""
    taken = {rule.id for rule in flag.rules}
    for rule in flag.rules:
        if rule.id:
            continue
        digest = hashlib.sha256(rule.SerializeToString(deterministic=True)).digest()
        while (name := digest.hex()[:8]) in taken:
            digest = hashlib.sha256(digest).digest()
        rule.id = name
        taken.add(name)
