"""Every bad request about flags has its own refusal, names the field, and changes nothing."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1.value_pb2 import Value
from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2
from mirante.api.flags.v1 import flag_pb2

from services.runtime.access import Caller, Role
from services.runtime.errors import InvalidRequest, NotFound, PermissionDenied
from tests.support.datastores import ServerHandle, fresh_database
from tests.support.flag_desk import Desk, fields, open_desk, reason
from tests.support.flag_store import bool_flag

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk(postgres_server: ServerHandle) -> AsyncIterator[Desk]:
    """Yield one desk for all tests of this file: none of them changes anything."""
    async with fresh_database(postgres_server) as url, open_desk(url) as opened:
        await opened.create(bool_flag("known"))
        await opened.create(bool_flag("needs-known", prerequisites=[_needs("known")]))
        yield opened


def _needs(key: str, *variants: str) -> flag_pb2.Prerequisite:
    return flag_pb2.Prerequisite(flag_key=key, variants=variants or ["on"])


def _condition(**parts: object) -> flag_pb2.Condition:
    condition = flag_pb2.Condition(attribute="plano", operator=flag_pb2.OPERATOR_IN, values=[Value(string_value="x")])
    condition.MergeFrom(flag_pb2.Condition(**parts))  # type: ignore[arg-type]  # the fields are the caller's
    return condition


def _rule(*conditions: flag_pb2.Condition, serve: flag_pb2.Serve | None = None, rule_id: str = "r") -> flag_pb2.Rule:
    return flag_pb2.Rule(id=rule_id, conditions=conditions, serve=serve or flag_pb2.Serve(variant="on"))


def _rollout(*shares: tuple[str, int], **parts: object) -> flag_pb2.Serve:
    splits = [flag_pb2.Split(variant=variant, weight=weight) for variant, weight in shares]
    rollout = flag_pb2.Rollout(splits=splits)
    rollout.MergeFrom(flag_pb2.Rollout(**parts))  # type: ignore[arg-type]  # the fields are the caller's
    return flag_pb2.Serve(rollout=rollout)


def _broken(change: Callable[[flag_pb2.Flag], object]) -> flag_pb2.Flag:
    flag = bool_flag("new")
    change(flag)
    return flag


@dataclass
class Bad:
    """A flag that must not be created, the place that is named, and a part of the explanation."""

    flag: flag_pb2.Flag
    field: str
    says: str = ""


BAD_DEFINITIONS = {
    "no type": Bad(_broken(lambda flag: flag.ClearField("type")), "flag.type", "required"),
    "a type of the future": Bad(_broken(lambda flag: setattr(flag, "type", 77)), "flag.type", "required"),
    "no variants": Bad(_broken(lambda flag: flag.ClearField("variants")), "flag.variants", "at least one"),
    "a variant twice": Bad(_broken(lambda flag: flag.variants.add(name="on")), "flag.variants[2].name", "twice"),
    "a value of another type": Bad(
        _broken(lambda flag: setattr(flag.variants[0].value, "string_value", "x")), "flag.variants[on].value", "boolean"
    ),
    "101 variants": Bad(
        bool_flag("new", variants=[flag_pb2.Variant(name=f"v{n}", value=Value(bool_value=True)) for n in range(99)]),
        "flag.variants",
        "100",
    ),
    "no off variant": Bad(_broken(lambda flag: flag.ClearField("off_variant")), "flag.off_variant", "variant"),
    "an unknown off variant": Bad(bool_flag("new", off_variant="x"), "flag.off_variant", "no variant 'x'"),
    "no fallthrough": Bad(_broken(lambda flag: flag.ClearField("fallthrough")), "flag.fallthrough", "required"),
    "an unknown variant": Bad(
        bool_flag("new", fallthrough=flag_pb2.Serve(variant="x")), "flag.fallthrough.variant", "no variant 'x'"
    ),
    "weights that do not sum": Bad(
        bool_flag("new", fallthrough=_rollout(("on", 60_000), ("off", 39_999))),
        "flag.fallthrough.rollout.splits",
        "99999",
    ),
    "a coverage above all": Bad(
        bool_flag("new", fallthrough=_rollout(("on", 100_000), coverage=100_001)), "flag.fallthrough.rollout.coverage"
    ),
    "an empty range": Bad(
        bool_flag("new", fallthrough=_rollout(("on", 100_000), range=flag_pb2.BucketRange(salt="x", start=5, end=5))),
        "flag.fallthrough.rollout.range",
    ),
    "a rule that serves nothing": Bad(
        bool_flag("new", rules=[flag_pb2.Rule(id="r", conditions=[_condition()])]), "flag.rules[0].serve", "required"
    ),
    "no operator": Bad(
        bool_flag("new", rules=[_rule(flag_pb2.Condition(attribute="x"))]),
        "flag.rules[0].conditions[0].operator",
        "required",
    ),
    "no attribute": Bad(
        bool_flag(
            "new",
            rules=[_rule(flag_pb2.Condition(operator=flag_pb2.OPERATOR_IN, values=[Value(string_value="x")]))],
        ),
        "flag.rules[0].conditions[0].attribute",
    ),
    "a bad pattern": Bad(
        bool_flag(
            "new",
            rules=[
                _rule(_condition()),
                _rule(
                    _condition(),
                    flag_pb2.Condition(
                        attribute="x", operator=flag_pb2.OPERATOR_MATCHES, values=[Value(string_value="(")]
                    ),
                    rule_id="s",
                ),
            ],
        ),
        "flag.rules[1].conditions[1].values",
    ),
    "a number that is none": Bad(
        bool_flag(
            "new",
            rules=[
                _rule(
                    flag_pb2.Condition(
                        attribute="x", operator=flag_pb2.OPERATOR_LESS, values=[Value(string_value="many")]
                    )
                )
            ],
        ),
        "flag.rules[0].conditions[0].values",
        "number",
    ),
    "a rule id twice": Bad(
        bool_flag("new", rules=[_rule(_condition()), _rule(_condition())]), "flag.rules[1].id", "twice"
    ),
    "201 rules": Bad(
        bool_flag("new", rules=[_rule(_condition(), rule_id=f"r{n}") for n in range(201)]), "flag.rules", "200"
    ),
    "21 conditions": Bad(bool_flag("new", rules=[_rule(*[_condition()] * 21)]), "flag.rules[0].conditions", "20"),
    "101 patterns": Bad(
        bool_flag(
            "new",
            rules=[
                _rule(
                    flag_pb2.Condition(
                        attribute="x", operator=flag_pb2.OPERATOR_MATCHES, values=[Value(string_value="a")] * 101
                    )
                )
            ],
        ),
        "flag.rules",
        "regular expressions",
    ),
    "10,001 targets": Bad(
        bool_flag(
            "new",
            targets=[flag_pb2.Target(attribute="tenant_id", variant="on", values=[str(n) for n in range(10_001)])],
        ),
        "flag.targets[0].values",
        "10000",
    ),
    "a target of two variants": Bad(
        bool_flag(
            "new",
            targets=[
                flag_pb2.Target(attribute="tenant_id", variant="on", values=["acme"]),
                flag_pb2.Target(attribute="tenant_id", variant="off", values=["acme"]),
            ],
        ),
        "flag.targets[1].values",
        "'acme'",
    ),
    "an end before the start": Bad(
        bool_flag("new", starts_at=Timestamp(seconds=2), ends_at=Timestamp(seconds=1)), "flag.ends_at"
    ),
    "a time before all times": Bad(
        bool_flag("new", starts_at=Timestamp(seconds=-100_000_000_000)), "flag.starts_at", "years"
    ),
    "an unknown prerequisite": Bad(
        bool_flag("new", prerequisites=[_needs("nowhere")]), "flag.prerequisites[0].flag_key", "'nowhere'"
    ),
    "an unknown variant of a prerequisite": Bad(
        bool_flag("new", prerequisites=[_needs("known", "maybe")]), "flag.prerequisites[0].variants", "'maybe'"
    ),
    "itself as a prerequisite": Bad(
        bool_flag("new", prerequisites=[_needs("new")]), "flag.prerequisites[0].flag_key", "its own"
    ),
    "an unknown segment": Bad(
        bool_flag(
            "new",
            rules=[
                _rule(flag_pb2.Condition(operator=flag_pb2.OPERATOR_IN_SEGMENT, values=[Value(string_value="vip")]))
            ],
        ),
        "flag.rules[0].conditions[0].values",
        "'vip'",
    ),
    "a long description": Bad(bool_flag("new", description="x" * 2_001), "flag.description", "2000"),
    "a NUL in the description": Bad(bool_flag("new", description="a\0b"), "flag.description", "control"),
    "an escape in the owner": Bad(bool_flag("new", owner="\x1b[2J"), "flag.owner", "control"),
    "51 tags": Bad(bool_flag("new", tags=[str(n) for n in range(51)]), "flag.tags", "50"),
    "an empty tag": Bad(bool_flag("new", tags=["a", " "]), "flag.tags[1]", "empty"),
    "a definition of a megabyte": Bad(
        bool_flag(
            "new",
            targets=[flag_pb2.Target(attribute="tenant_id", variant="on", values=[f"{n:0200}" for n in range(5_000)])],
        ),
        "flag.key",
        "524288",
    ),
}


@pytest.mark.parametrize("bad", BAD_DEFINITIONS.values(), ids=BAD_DEFINITIONS.keys())
async def test_definitions_that_do_not_hold_together(desk: Desk, bad: Bad) -> None:
    """The refusal is INVALID_DEFINITION and names the place, when the flag is created and when it is updated."""
    error = await desk.refused(desk.flags.CreateFlag, pb2.CreateFlagRequest(environment="production", flag=bad.flag))
    assert (type(error), reason(error)) == (InvalidRequest, "INVALID_DEFINITION")
    assert bad.field in fields(error)
    assert bad.says in error.message

    known = await desk.get("known")
    update = flag_pb2.Flag()
    update.CopyFrom(bad.flag)
    update.key = "known"
    request = pb2.UpdateFlagRequest(environment="production", flag=update, etag=known.etag)
    error = await desk.refused(desk.flags.UpdateFlag, request)
    assert reason(error) == "INVALID_DEFINITION"


KILLED = flag_pb2.Kill(by="me", reason="x")
SALTS = flag_pb2.Bucketing(salt="a", coverage_salt="b", hash_version=1)
BAD_CREATIONS = {
    "no key": (bool_flag(""), "flag.key"),
    "a key with a space": (bool_flag("a b"), "flag.key"),
    "a key with a NUL": (bool_flag("a\0"), "flag.key"),
    "a key with an accent": (bool_flag("promoção"), "flag.key"),
    "a long key": (bool_flag("k" * 129), "flag.key"),
    "born killed": (bool_flag("new", kill=KILLED), "flag.kill"),
    "salts of the caller": (bool_flag("new", bucketing=SALTS), "flag.bucketing"),
}


@pytest.mark.parametrize(("flag", "field"), BAD_CREATIONS.values(), ids=BAD_CREATIONS.keys())
async def test_creations_that_are_refused(desk: Desk, flag: flag_pb2.Flag, field: str) -> None:
    """The refusal is INVALID_REQUEST and names the field."""
    error = await desk.refused(desk.flags.CreateFlag, pb2.CreateFlagRequest(environment="production", flag=flag))
    assert (reason(error), fields(error)) == ("INVALID_REQUEST", [field])


async def test_what_is_frozen_cannot_be_updated(desk: Desk) -> None:
    """Another type and other salts are refused by name."""
    known = await desk.get("known")
    typed = flag_pb2.Flag()
    typed.CopyFrom(known.flag)
    typed.type = flag_pb2.FLAG_TYPE_STRING
    salted = flag_pb2.Flag()
    salted.CopyFrom(known.flag)
    salted.bucketing.salt = "mine"
    for flag, field in ((typed, "flag.type"), (salted, "flag.bucketing")):
        request = pb2.UpdateFlagRequest(environment="production", flag=flag, etag=known.etag)
        error = await desk.refused(desk.flags.UpdateFlag, request)
        assert (reason(error), fields(error)) == ("INVALID_DEFINITION", [field])


async def test_an_update_needs_an_etag(desk: Desk) -> None:
    """Without it somebody's change could be overwritten unseen."""
    request = pb2.UpdateFlagRequest(environment="production", flag=bool_flag("known"))
    error = await desk.refused(desk.flags.UpdateFlag, request)
    assert (reason(error), fields(error)) == ("INVALID_REQUEST", ["etag"])


async def test_a_circle_is_refused(desk: Desk) -> None:
    """A prerequisite that leads back is named with the whole circle."""
    known = await desk.get("known")
    flag = bool_flag("known", prerequisites=[_needs("needs-known")])
    request = pb2.UpdateFlagRequest(environment="production", flag=flag, etag=known.etag)
    error = await desk.refused(desk.flags.UpdateFlag, request)
    assert reason(error) == "INVALID_DEFINITION"
    assert "circle" in error.message


async def test_a_variant_that_others_need_stays(desk: Desk) -> None:
    """Taking it away is refused with the flag that needs it."""
    known = await desk.get("known")
    flag = bool_flag("known", fallthrough=flag_pb2.Serve(variant="off"))
    del flag.variants[0]
    request = pb2.UpdateFlagRequest(environment="production", flag=flag, etag=known.etag)
    error = await desk.refused(desk.flags.UpdateFlag, request)
    assert (reason(error), fields(error)) == ("INVALID_DEFINITION", ["flags[needs-known].prerequisites[0].variants"])


LONG = "x" * 501
P = "production"
BAD_REQUESTS = {
    "get without a key": ("GetFlag", pb2.GetFlagRequest(environment=P), "flag_key"),
    "get a key with a NUL": ("GetFlag", pb2.GetFlagRequest(environment=P, flag_key="\0"), "flag_key"),
    "create with a long comment": (
        "CreateFlag",
        pb2.CreateFlagRequest(environment=P, flag=bool_flag("new"), comment=LONG),
        "comment",
    ),
    "kill without a key": ("KillFlag", pb2.KillFlagRequest(environment=P, reason="x"), "flag_key"),
    "kill without a reason": ("KillFlag", pb2.KillFlagRequest(environment=P, flag_key="known"), "reason"),
    "kill for a blank reason": (
        "KillFlag",
        pb2.KillFlagRequest(environment=P, flag_key="known", reason=" \n"),
        "reason",
    ),
    "kill for a long reason": (
        "KillFlag",
        pb2.KillFlagRequest(environment=P, flag_key="known", reason=LONG),
        "reason",
    ),
    "kill for a reason with a NUL": (
        "KillFlag",
        pb2.KillFlagRequest(environment=P, flag_key="known", reason="a\0"),
        "reason",
    ),
    "restore without a reason": ("RestoreFlag", pb2.RestoreFlagRequest(environment=P, flag_key="known"), "reason"),
    "roll back to no version": ("RollBackFlag", pb2.RollBackFlagRequest(environment=P, flag_key="known"), "version"),
    "a page of 1001": ("ListFlags", pb2.ListFlagsRequest(environment=P, page_size=1001), "page_size"),
    "a token that is none": ("ListFlags", pb2.ListFlagsRequest(environment=P, page_token="!"), "page_token"),
    "a token of something else": (
        "ListFlags",
        pb2.ListFlagsRequest(environment=P, page_token="YSBi"),
        "page_token",
    ),
    "a token without end": ("ListFlags", pb2.ListFlagsRequest(environment=P, page_token="YQ" * 999), "page_token"),
    "a state of the future": ("ListFlags", pb2.ListFlagsRequest(environment=P, state=55), "state"),  # type: ignore[arg-type]  # on purpose
    "a tag with a NUL": ("ListFlags", pb2.ListFlagsRequest(environment=P, tag="\0"), "tag"),
    "a search without end": ("ListFlags", pb2.ListFlagsRequest(environment=P, search="x" * 201), "search"),
    "a history page of 201": (
        "GetFlagHistory",
        pb2.GetFlagHistoryRequest(environment=P, flag_key="known", page_size=201),
        "page_size",
    ),
    "a history token that is none": (
        "GetFlagHistory",
        pb2.GetFlagHistoryRequest(environment=P, flag_key="known", page_token="a2V5"),
        "page_token",
    ),
    "promote to itself": (
        "PromoteFlag",
        pb2.PromoteFlagRequest(from_environment=P, to_environment=P, flag_key="known"),
        "to_environment",
    ),
    "import nothing": ("ImportFlags", pb2.ImportFlagsRequest(environment=P), "yaml"),
}


@pytest.mark.parametrize(("method", "request_", "field"), BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
async def test_requests_that_are_refused(desk: Desk, method: str, request_: object, field: str) -> None:
    """The refusal is INVALID_REQUEST and names the field."""
    error = await desk.refused(getattr(desk.flags, method), request_)
    assert (reason(error), fields(error)) == ("INVALID_REQUEST", [field])


NOT_THERE = {
    "get": ("GetFlag", pb2.GetFlagRequest(environment=P, flag_key="x")),
    "update": ("UpdateFlag", pb2.UpdateFlagRequest(environment=P, flag=bool_flag("x"), etag="1-0")),
    "archive": ("ArchiveFlag", pb2.ArchiveFlagRequest(environment=P, flag_key="x")),
    "kill": ("KillFlag", pb2.KillFlagRequest(environment=P, flag_key="x", reason="x")),
    "restore": ("RestoreFlag", pb2.RestoreFlagRequest(environment=P, flag_key="x", reason="x")),
    "history": ("GetFlagHistory", pb2.GetFlagHistoryRequest(environment=P, flag_key="x")),
    "roll back": ("RollBackFlag", pb2.RollBackFlagRequest(environment=P, flag_key="x", version=1)),
    "promote": ("PromoteFlag", pb2.PromoteFlagRequest(from_environment=P, to_environment="staging", flag_key="x")),
}


@pytest.mark.parametrize(("method", "request_"), NOT_THERE.values(), ids=NOT_THERE.keys())
async def test_a_flag_that_is_not_there(desk: Desk, method: str, request_: object) -> None:
    """The refusal is FLAG_NOT_FOUND with the key."""
    error = await desk.refused(getattr(desk.flags, method), request_)
    assert (type(error), reason(error), error.metadata) == (NotFound, "FLAG_NOT_FOUND", {"flag_key": "x"})


@pytest.mark.parametrize("version", [3, 1 << 63, (1 << 64) - 1])
async def test_a_version_that_is_not_there(desk: Desk, version: int) -> None:
    """The refusal is VERSION_NOT_FOUND with the version, however large it is."""
    request = pb2.RollBackFlagRequest(environment=P, flag_key="known", version=version)
    error = await desk.refused(desk.flags.RollBackFlag, request)
    assert (type(error), reason(error)) == (NotFound, "VERSION_NOT_FOUND")
    assert error.metadata == {"version": str(version)}


@pytest.mark.parametrize("environment", ["nowhere", "NO\0", "x" * 64])
@pytest.mark.parametrize(("method", "request_"), NOT_THERE.values(), ids=NOT_THERE.keys())
async def test_an_environment_that_is_not_there(desk: Desk, method: str, request_: Message, environment: str) -> None:
    """The refusal is ENVIRONMENT_NOT_FOUND for a key that holds all environments."""
    request = type(request_)()
    request.CopyFrom(request_)
    setattr(request, "from_environment" if method == "PromoteFlag" else "environment", environment)
    error = await desk.refused(getattr(desk.flags, method), request)
    assert (type(error), reason(error)) == (NotFound, "ENVIRONMENT_NOT_FOUND")
    assert error.metadata == {"environment": environment}


@pytest.mark.parametrize(("method", "request_"), NOT_THERE.values(), ids=NOT_THERE.keys())
async def test_an_environment_that_the_key_does_not_hold(desk: Desk, method: str, request_: object) -> None:
    """The refusal is ENVIRONMENT_DENIED, whether the flag is there or not."""
    outsider = Caller("k", "eva", Role.ADMIN, frozenset({"staging"}))
    error = await desk.refused(getattr(desk.flags, method), request_, outsider)
    assert (type(error), reason(error)) == (PermissionDenied, "ENVIRONMENT_DENIED")
    assert error.metadata == {"environment": "production"}
