"""The JSON admin API for people and for scripts: every answer comes from a real flag service."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.gateway_people import FLAGS, Browser, browser, create_person, logged_in
from tests.support.gateway_serving import GatewayServing
from tests.support.serving import Serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRODUCTION = {"environment": "production"}


def flag(key: str, **fields: Any) -> dict[str, Any]:
    """Return a flag of type bool as the dashboard writes it."""
    variants = [{"name": "on", "value": {"boolValue": True}}, {"name": "off", "value": {"boolValue": False}}]
    return {
        "key": key,
        "type": "FLAG_TYPE_BOOL",
        "variants": variants,
        "on": True,
        "offVariant": "off",
        "fallthrough": {"variant": "on"},
    } | fields


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def people(gateway: GatewayServing, flags: Serving) -> AsyncIterator[dict[str, Browser]]:
    """Yield a browser for a person of each role, by role; logins are "vera", "édi" and "alma"."""
    logins = {"viewer": "vera", "editor": "édi", "admin": "alma"}
    for role, login in logins.items():
        await create_person(flags, login, role)
    async with (
        logged_in(gateway, logins["viewer"]) as viewer,
        logged_in(gateway, logins["editor"]) as editor,
        logged_in(gateway, logins["admin"]) as admin,
    ):
        yield {"viewer": viewer, "editor": editor, "admin": admin}


async def test_a_flag_from_its_creation_to_its_kill(people: dict[str, Browser], gateway: GatewayServing) -> None:
    """Every change is in the history under the person's login, and what is evaluated follows."""
    editor = people["editor"]
    created = (await editor.ask(f"{FLAGS}/CreateFlag", PRODUCTION | {"flag": flag("novo"), "comment": "olá"})).json()
    record = created["record"]
    assert (record["updatedBy"], record["archived"], record["flag"]["version"]) == ("édi", False, "1")
    assert record["flag"]["rules"] == []

    changed = record["flag"] | {"description": "muda", "tags": ["vendas"]}
    update = PRODUCTION | {"flag": changed, "etag": record["etag"]}
    assert (await editor.ask(f"{FLAGS}/UpdateFlag", update)).status_code == 200
    stale = await editor.ask(f"{FLAGS}/UpdateFlag", update)
    assert (stale.status_code, stale.json()["reason"]) == (412, "ETAG_MISMATCH")

    kill = PRODUCTION | {"flagKey": "novo", "reason": "erros"}
    killed = (await editor.ask(f"{FLAGS}/KillFlag", kill)).json()["record"]["flag"]["kill"]
    assert (killed["by"], killed["reason"]) == ("édi", "erros")
    again = await editor.ask(f"{FLAGS}/KillFlag", kill)
    assert (again.status_code, again.json()["reason"]) == (409, "STATE_CONFLICT")
    await gateway.until_flag("novo", value=False)

    history = (await people["viewer"].ask(f"{FLAGS}/GetFlagHistory", PRODUCTION | {"flagKey": "novo"})).json()
    assert [(each["actor"], each["action"]) for each in history["entries"]] == [
        ("édi", "HISTORY_ACTION_KILL"),
        ("édi", "HISTORY_ACTION_UPDATE"),
        ("édi", "HISTORY_ACTION_CREATE"),
    ]
    listed = (await people["viewer"].ask(f"{FLAGS}/ListFlags", PRODUCTION | {"state": "FLAG_STATE_KILLED"})).json()
    assert [each["flag"]["key"] for each in listed["records"]] == ["novo"]
    assert listed["nextPageToken"] == ""
    user = {"flagKey": "novo", "environment": "production", "context": {"targetingKey": "user-7"}}
    seen = await people["viewer"].ask("mirante.api.flags.v1.EvaluationService/EvaluateFlag", user)
    assert seen.json()["evaluation"]["reason"] == "REASON_KILLED"


async def test_what_a_role_may_is_said_by_the_services(people: dict[str, Browser]) -> None:
    """Viewers read, editors change flags, admins change who may do what."""
    await people["editor"].ask(f"{FLAGS}/CreateFlag", PRODUCTION | {"flag": flag("papeis")})
    kill = (f"{FLAGS}/KillFlag", PRODUCTION | {"flagKey": "papeis", "reason": "x"})
    refused = await people["viewer"].ask(*kill)
    assert (refused.status_code, refused.json()["reason"]) == (403, "ROLE_DENIED")
    assert (await people["editor"].ask(*kill)).status_code == 200
    listing = "mirante.api.flags.v1.PeopleAdminService/ListPeople"
    assert (await people["editor"].ask(listing)).status_code == 403
    found = (await people["admin"].ask(listing)).json()["people"]
    assert {"alma", "vera", "édi"} <= {each["login"] for each in found}
    key = {"name": "ci", "role": "ROLE_READER", "environments": ["production"]}
    made = await people["admin"].ask("mirante.api.flags.v1.AccessAdminService/CreateApiKey", key)
    assert made.json()["apiKey"]["createdBy"] == "alma"


async def test_scripts_use_an_api_key(gateway: GatewayServing) -> None:
    """As the key that they are: no mark is needed, its own name is in the history, and its role says what it may."""
    create = PRODUCTION | {"flag": flag("por_script")}
    path = f"/api/{FLAGS}"
    made = await gateway.http.post(f"{path}/CreateFlag", json=create, headers=gateway.bearer("admin"))
    assert made.json()["record"]["updatedBy"] == "demo-admin"
    got = await gateway.http.post(
        f"{path}/GetFlag", json=PRODUCTION | {"flagKey": "por_script"}, headers=gateway.bearer("reader")
    )
    assert got.json()["record"]["flag"]["key"] == "por_script"
    refused = await gateway.http.post(f"{path}/CreateFlag", json=create, headers=gateway.bearer("reader"))
    assert refused.status_code == 403
    for role in ("server", "browser", "internal"):
        answer = await gateway.http.post(f"{path}/ListFlags", json=PRODUCTION, headers=gateway.bearer(role))
        assert (answer.status_code, answer.json()["reason"]) == (403, "ROLE_DENIED"), role
    unknown = await gateway.http.post(f"{path}/ListFlags", json={}, headers={"authorization": "Bearer none"})
    assert (unknown.status_code, unknown.json()["reason"]) == (401, "UNKNOWN_KEY")
    # A person in whose name a key claims to act is nobody to a key that is not internal.
    named = gateway.bearer("reader") | {"x-mirante-actor": "alma", "x-mirante-actor-role": "admin"}
    assert (await gateway.http.post(f"{path}/CreateFlag", json=create, headers=named)).status_code == 403


async def test_nobody_is_let_in_without_a_session(gateway: GatewayServing, people: dict[str, Browser]) -> None:
    """401 for nobody, for a cookie that is made up, and for one that names a session otherwise."""
    async with browser(gateway) as nobody:
        answer = await nobody.ask(f"{FLAGS}/ListFlags", PRODUCTION)
        assert (answer.status_code, answer.json()["reason"]) == (401, "LOGIN_REQUIRED")
        for secret in ("made-up", "x" * 10_000, "session:0"):
            nobody.http.cookies.set("mirante_session", secret)
            answer = await nobody.ask(f"{FLAGS}/ListFlags", PRODUCTION)
            assert (answer.status_code, answer.json()["reason"]) == (401, "SESSION_ENDED"), secret
    assert (await people["viewer"].ask(f"{FLAGS}/ListFlags", PRODUCTION)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({"x_mirante_request": ""}, 403, "REQUEST_MARK_REQUIRED"),
        ({"origin": "https://evil.example"}, 403, "ORIGIN_DENIED"),
        ({"origin": "null"}, 403, "ORIGIN_DENIED"),
        # Vendas' own pages may use the doors of browsers, and not this one.
        ({"origin": "https://app.vendas.example"}, 403, "ORIGIN_DENIED"),
        ({"sec_fetch_site": "cross-site"}, 403, "ORIGIN_DENIED"),
        ({"content_type": "text/plain"}, 415, "UNSUPPORTED_TYPE"),
    ],
)
async def test_pages_of_other_sites_change_nothing(
    people: dict[str, Browser], headers: dict[str, str], status: int, reason: str
) -> None:
    """Although the browser would send the cookie."""
    refused = await people["admin"].ask(f"{FLAGS}/CreateFlag", PRODUCTION | {"flag": flag("forjada")}, **headers)
    assert (refused.status_code, refused.json()["reason"]) == (status, reason)
    assert "access-control-allow-credentials" not in refused.headers
    missing = await people["admin"].ask(f"{FLAGS}/GetFlag", PRODUCTION | {"flagKey": "forjada"})
    assert (missing.status_code, missing.json()["reason"]) == (404, "FLAG_NOT_FOUND")


async def test_bad_input_is_refused_with_its_fields(people: dict[str, Browser]) -> None:
    """Those that the gateway finds by their names in JSON, those that a service finds as it says them."""
    admin = people["admin"]
    wrong = await admin.ask(f"{FLAGS}/ListFlags", PRODUCTION | {"pagesize": 3, "state": "ON"})
    assert wrong.status_code == 400
    assert [each["field"] for each in wrong.json()["errors"]] == ["pagesize", "state"]
    invalid = await admin.ask(f"{FLAGS}/CreateFlag", PRODUCTION | {"flag": flag("ruim", offVariant="none")})
    assert (invalid.status_code, invalid.json()["reason"]) == (400, "INVALID_DEFINITION")
    assert invalid.json()["errors"][0]["field"]
    for body, status, reason in (
        (b"{", 400, "INVALID_BODY"),
        (b"", 400, "INVALID_BODY"),
        (b"\xff", 400, "INVALID_BODY"),
        (b'{"search": NaN}', 400, "INVALID_BODY"),
        (b"[" * 100_000, 400, "INVALID_BODY"),
        (b"[]", 400, "INVALID_REQUEST"),
        (b'{"search": "\\ud800"}', 400, "INVALID_REQUEST"),
        (b'{"yaml": "' + b"a" * (5 * 1024 * 1024) + b'"}', 413, "BODY_TOO_LARGE"),
        (b'{"yaml": "' + b"a" * (9 * 1024 * 1024) + b'"}', 413, "BODY_TOO_LARGE"),
    ):
        method = "ImportFlags" if b"yaml" in body else "ListFlags"
        headers = {"content-type": "application/json", "x-mirante-request": "1"}
        answer = await admin.http.post(f"/api/{FLAGS}/{method}", content=body, headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (status, reason), body[:20]


async def test_only_calls_of_the_api_are_there(people: dict[str, Browser]) -> None:
    """Other services, streams that need a sender, other methods of HTTP, and addresses that are nearly one."""
    admin = people["admin"]
    for path in (
        "mirante.api.flags.v1.LoginService/GetSession",
        "mirante.api.flags.v1.KeyRegistryService/GetKeys",
        "mirante.api.flags.v1.FlagSyncService/WatchFlags",
        "mirante.api.telemetry.v1.IngestService/Ingest",
        "grpc.health.v1.Health/Check",
        f"{FLAGS}/Nothing",
        f"{FLAGS}/ListFlags/",
        f"{FLAGS}//ListFlags",
        f"{FLAGS}%2F..%2FListFlags",
        f"{FLAGS}%2FListFlags%00",
        FLAGS.lower(),
    ):
        answer = await admin.ask(path)
        assert (answer.status_code, answer.json()["reason"]) == (404, "NOT_FOUND"), path
    wrong = await admin.http.get(f"/api/{FLAGS}/ListFlags")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert wrong.headers["content-security-policy"].startswith("default-src 'none'")
    assert wrong.headers["cache-control"] == "no-store"


async def test_services_that_are_away_are_said_to_be(people: dict[str, Browser]) -> None:
    """Nobody runs metrics beside this gateway."""
    answer = await people["viewer"].ask("mirante.api.metrics.v1.LiveMetricsService/GetLiveMetrics", PRODUCTION)
    assert (answer.status_code, answer.json()["reason"]) == (503, "STORE_UNAVAILABLE")
    assert "metrics" in answer.json()["detail"]
    stream = await people["viewer"].ask("mirante.api.metrics.v1.LiveMetricsService/WatchLiveMetrics", PRODUCTION)
    assert stream.status_code == 503


async def test_large_bodies_and_answers_come_whole(people: dict[str, Browser]) -> None:
    """Read and written aside, so that others are answered meanwhile."""
    variants = [{"name": f"v{n}", "value": {"boolValue": n == 0}, "description": "é" * 900} for n in range(99)]
    large = flag("grande", variants=variants, offVariant="v1", fallthrough={"variant": "v0"})
    made = await people["editor"].ask(f"{FLAGS}/CreateFlag", PRODUCTION | {"flag": large})
    assert made.status_code == 200, made.text
    assert len(made.content) > 64 * 1024
    assert made.json()["record"]["flag"]["variants"] == variants
