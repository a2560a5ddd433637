"""A flag is what its resource says, from creation to deletion, and the resource says how that goes."""

import asyncio

from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from tests.support.fake_kubernetes import FLAGS
from tests.support.flag_resources import KEY, NAME, PATH, Desk, condition
from tests.support.serving import PRODUCTION


async def test_a_kill_by_patch_reaches_a_client_and_status_says_so(controlled: Desk) -> None:
    """Created, killed, acknowledged by the client, restored; each step in the flag's history, and in the status."""
    await controlled.create(description="Nova interface", client_visible=True)
    document = await controlled.synced()
    assert condition(document, "Ready") == ("True", "Reconciled")
    assert (document["status"]["key"], document["status"]["version"]) == (KEY, 1)
    assert await controlled.event("Created") == f"flag {KEY} is created in {PRODUCTION}"
    watcher = await controlled.service.watch(environment=PRODUCTION)
    await watcher.next()
    await watcher.send(applied=sync_pb2.Applied(revision=watcher.replica.revision))

    await controlled.patch(killed=True, kill_reason="erro 500 no caixa")
    while not _killed(watcher.transfers):
        await watcher.next()
    status = await controlled.shows("killed", True)
    assert status["kill"]["by"] == "demo-editor"
    assert status["kill"]["reason"] == f"erro 500 no caixa, by kubectl-patch (FeatureFlag vendas/{NAME})"
    await controlled.shows("delivered", "0/1")
    await watcher.send(applied=sync_pb2.Applied(revision=watcher.replica.revision))
    await controlled.shows("delivered", "1/1")
    assert "erro 500 no caixa" in await controlled.event("Killed")

    await controlled.kubernetes.patch(PATH, {"spec": {"killed": None, "kill_reason": None}})
    record = await controlled.until_flag(lambda found: not found.flag.HasField("kill"))
    assert record.flag.description == "Nova interface"
    await controlled.event("Restored")


def _killed(transfers: list[sync_pb2.Transfer]) -> bool:
    return any(flag.HasField("kill") for transfer in transfers for flag in transfer.flags)


async def test_a_flag_that_is_created_killed_was_never_on(controlled: Desk) -> None:
    """Its history shows it off until it was killed."""
    await controlled.create(killed=True)
    await controlled.synced()
    request = pb2.GetFlagHistoryRequest(environment=PRODUCTION, flag_key=KEY)
    history = await controlled.service.flags.GetFlagHistory(request, metadata=controlled.service.admin)
    actions = [pb2.HistoryAction.Name(entry.action).removeprefix("HISTORY_ACTION_") for entry in history.entries]
    assert actions == ["IMPORT", "KILL", "IMPORT"]
    assert (await controlled.flag()).flag.on


async def test_what_is_wrong_is_named_by_its_field_and_a_kill_works_meanwhile(controlled: Desk) -> None:
    """Nothing is half applied; once the field is right the rest follows."""
    await controlled.create()
    await controlled.synced()
    wrong = [{"conditions": [{"attribute": "plano", "operator": "in", "values": ["premium"]}], "serve": "sim"}]
    await controlled.patch(rules=wrong, description="Outra", killed=True)
    document = await controlled.becomes("Ready", "False", "InvalidSpec")
    message = next(each["message"] for each in document["status"]["conditions"] if each["type"] == "Ready")
    assert message.startswith("spec.rules[0].serve")
    assert "line" not in message
    record = await controlled.flag()
    assert record.flag.HasField("kill")
    assert record.flag.description == ""
    await controlled.patch(rules=[{**wrong[0], "serve": "on"}])
    await controlled.synced()
    assert (await controlled.flag()).flag.description == "Outra"


async def test_a_flag_waits_for_what_it_needs(controlled: Desk) -> None:
    """A prerequisite that another resource creates a moment later."""
    await controlled.create(prerequisites=[{"flag_key": "base", "variants": ["on"]}])
    await controlled.becomes("Ready", "False", "InvalidSpec")
    await controlled.service.create(
        flag_pb2.Flag(
            key="base",
            type=flag_pb2.FLAG_TYPE_BOOL,
            on=True,
            off_variant="off",
            fallthrough=flag_pb2.Serve(variant="on"),
            variants=[
                flag_pb2.Variant(name="on", value=value_pb2.Value(bool_value=True)),
                flag_pb2.Variant(name="off", value=value_pb2.Value(bool_value=False)),
            ],
        )
    )
    await controlled.synced()


async def test_deleting_keeps_or_archives_the_flag(controlled: Desk) -> None:
    """As the resource says; archiving waits for whoever still needs the flag."""
    await controlled.create()
    await controlled.synced()
    await controlled.kubernetes.delete(PATH)
    assert controlled.kubernetes.get(PATH) is None
    assert not (await controlled.flag()).archived

    await controlled.create(ownership={"owner": "git", "on_delete": "archive"})
    await controlled.synced()
    dependant = {
        "apiVersion": "flags.mirante.dev/v1alpha1",
        "kind": "FeatureFlag",
        "metadata": {"name": "dependente"},
        "spec": {
            "environment": PRODUCTION,
            "on": True,
            "prerequisites": [{"flag_key": KEY, "variants": ["on"]}],
            "ownership": {"owner": "git", "on_delete": "archive"},
        },
    }
    await controlled.kubernetes.create(FLAGS, dependant)
    other = f"{FLAGS}/dependente"
    await controlled.kubernetes.until(
        lambda: condition(controlled.kubernetes.get(other), "Synced") == ("True", "AsStated")
    )
    await controlled.kubernetes.delete(PATH)
    document = await controlled.becomes("Ready", "False", "StateConflict")
    assert "dependente" in str(document["status"]["conditions"])
    await controlled.kubernetes.delete(other)
    await controlled.kubernetes.until(lambda: controlled.kubernetes.get(PATH) is None)
    assert (await controlled.flag()).archived


async def test_two_resources_for_one_flag(controlled: Desk) -> None:
    """The older speaks; the other says so, and takes over when the older goes."""
    await controlled.create()
    await controlled.synced()
    second = {
        "apiVersion": "flags.mirante.dev/v1alpha1",
        "kind": "FeatureFlag",
        # Of the same second: then the name decides.
        "metadata": {"name": "zz-outra"},
        "spec": {"environment": PRODUCTION, "key": KEY, "on": False},
    }
    await controlled.kubernetes.create(FLAGS, second)
    path = f"{FLAGS}/zz-outra"
    await controlled.kubernetes.until(
        lambda: condition(controlled.kubernetes.get(path), "Conflict") == ("True", "ClaimedByAnother")
    )
    assert (await controlled.flag()).flag.on
    await controlled.kubernetes.delete(PATH)
    await controlled.until_flag(lambda found: not found.flag.on)
    await asyncio.wait_for(
        controlled.kubernetes.until(lambda: condition(controlled.kubernetes.get(path), "Ready")[0] == "True"), 60
    )
