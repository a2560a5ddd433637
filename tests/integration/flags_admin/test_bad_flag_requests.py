"""Every bad request about flags has its own refusal, names the field, and changes nothing."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from google.protobuf.message import Message
from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2
from mirante.api.flags.v1 import flag_pb2

from services.runtime.access import Caller, Role
from services.runtime.errors import InvalidRequest, NotFound, PermissionDenied
from tests.support.bad_flags import BAD_DEFINITIONS, Bad, needs
from tests.support.datastores import ServerHandle, fresh_database
from tests.support.flag_desk import Desk, fields, open_desk, reason
from tests.support.flag_store import bool_flag

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk(postgres_server: ServerHandle) -> AsyncIterator[Desk]:
    """Yield one desk for all tests of this file: none of them changes anything."""
    async with fresh_database(postgres_server) as url, open_desk(url) as opened:
        await opened.create(bool_flag("known"))
        await opened.create(bool_flag("needs-known", prerequisites=[needs("known")]))
        yield opened


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
    flag = bool_flag("known", prerequisites=[needs("needs-known")])
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
