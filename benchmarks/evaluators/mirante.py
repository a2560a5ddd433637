"""Mirante's own client in process: the public `details` call, with rules applied as they come over the watch stream."""

from collections.abc import Sequence

from mirante import Mirante
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.client.version import CLIENT_VERSION
from mirante.evaluation.model import Context
from mirante.replica.digest import digest_of

from benchmarks.evaluators.cases import (
    CASES,
    COVERAGE_SALT,
    OTHER_PLANS,
    OTHER_REGIONS,
    PLANS,
    REGIONS,
    SALT,
    USERS,
    Ask,
)

VERSION = CLIENT_VERSION


def definitions() -> sync_pb2.Transfer:
    """Return the flags, as the watch stream would bring them."""
    flags = [_static(), _rule(), _percentage(), _three_variants()]
    digest = digest_of([("flag", flag.key, flag.version) for flag in flags])
    return sync_pb2.Transfer(
        intent=sync_pb2.TRANSFER_INTENT_FULL, flags=flags, revision=1, lineage="bench", digest=digest
    )


def prepare() -> tuple[Sequence[Context], dict[str, Ask]]:
    """Return the users and, by case, how to ask."""
    client = Mirante("127.0.0.1:9", api_key="offline")
    assert client._replica is not None
    client._replica.apply(definitions())
    client.close()
    details = client.details
    users = [{"targeting_key": user["id"], "plan": user["plan"], "regiao": user["regiao"]} for user in USERS]
    return users, {case: lambda user, case=case: details(case, user) for case in CASES}  # type: ignore[misc]


def _boolean(key: str) -> flag_pb2.Flag:
    flag = flag_pb2.Flag(key=key, type=flag_pb2.FLAG_TYPE_BOOL, on=True, off_variant="off", version=1)
    flag.variants.add(name="on").value.bool_value = True
    flag.variants.add(name="off").value.bool_value = False
    return _hashed(flag)


def _hashed(flag: flag_pb2.Flag) -> flag_pb2.Flag:
    flag.bucketing.CopyFrom(flag_pb2.Bucketing(salt=SALT, coverage_salt=COVERAGE_SALT, hash_version=1))
    return flag


def _static() -> flag_pb2.Flag:
    flag = _boolean("static")
    flag.fallthrough.variant = "on"
    return flag


def _rule() -> flag_pb2.Flag:
    flag = _boolean("rule")
    flag.fallthrough.variant = "off"
    _add_rule(flag, PLANS, REGIONS)
    return flag


def _percentage() -> flag_pb2.Flag:
    flag = _boolean("percentage")
    _add_rule(flag, OTHER_PLANS, OTHER_REGIONS)
    flag.fallthrough.rollout.splits.add(variant="on", weight=25_000)
    flag.fallthrough.rollout.splits.add(variant="off", weight=75_000)
    return flag


def _three_variants() -> flag_pb2.Flag:
    flag = flag_pb2.Flag(key="three_variants", type=flag_pb2.FLAG_TYPE_STRING, on=True, off_variant="red", version=1)
    for name, weight in (("red", 50_000), ("green", 30_000), ("blue", 20_000)):
        flag.variants.add(name=name).value.string_value = name
        flag.fallthrough.rollout.splits.add(variant=name, weight=weight)
    return _hashed(flag)


def _add_rule(flag: flag_pb2.Flag, plans: Sequence[str], regions: Sequence[str]) -> None:
    rule = flag.rules.add(id="r1")
    for attribute, values in (("plan", plans), ("regiao", regions)):
        condition = rule.conditions.add(attribute=attribute, operator=flag_pb2.OPERATOR_IN)
        for value in values:
            condition.values.add(string_value=value)
    rule.serve.variant = "on"
