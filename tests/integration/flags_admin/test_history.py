"""Who changed what, when and why."""

import pytest
from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2
from mirante.api.flags.v1 import flag_pb2

from tests.support.flag_desk import BIA, Desk
from tests.support.flag_store import bool_flag


def _canary(coverage: int) -> flag_pb2.Flag:
    serve = flag_pb2.Serve(
        rollout=flag_pb2.Rollout(splits=[flag_pb2.Split(variant="on", weight=100_000)], coverage=coverage)
    )
    return bool_flag("a", rules=[flag_pb2.Rule(id="premium", serve=serve)])


async def test_history_says_who_when_why_and_what(desk: Desk) -> None:
    """Newest first, each version with its differences to the one before."""
    await desk.create(_canary(10_000))
    await desk.update(_canary(25_000))
    request = pb2.KillFlagRequest(environment="production", flag_key="a", reason="lento")
    killed = (await desk.call(desk.flags.KillFlag, request, BIA)).record
    await desk.archive("a")
    archived, kill, update, created = await desk.history("a")
    action = pb2.HistoryAction.Name
    assert [action(entry.action).removeprefix("HISTORY_ACTION_") for entry in (archived, kill, update, created)] == [
        "ARCHIVE",
        "KILL",
        "UPDATE",
        "CREATE",
    ]
    assert [(entry.version, entry.revision, entry.actor) for entry in (archived, kill, update, created)] == [
        (4, 4, "ana"),
        (3, 3, "bia"),
        (2, 2, "ana"),
        (1, 1, "ana"),
    ]
    assert (kill.comment, kill.at, update.comment) == ("lento", killed.updated_at, "because")
    assert list(update.changes) == [
        pb2.FieldChange(path="rules[premium].serve.rollout.coverage", before="10%", after="25%")
    ]
    assert list(kill.changes) == [
        pb2.FieldChange(path="kill.by", after="bia"),
        pb2.FieldChange(path="kill.reason", after="lento"),
    ]
    assert list(archived.changes) == [pb2.FieldChange(path="archived", after="true")]
    assert pb2.FieldChange(path="fallthrough", after="on") in created.changes


@pytest.mark.parametrize("size", [1, 3, 7])
async def test_pages_of_history_are_the_history(desk: Desk, size: int) -> None:
    """Following the tokens brings every version once, with the same differences as in one page."""
    await desk.create(_canary(1))
    for coverage in range(2, 8):
        await desk.update(_canary(coverage))
    whole = await desk.history("a")
    found: list[pb2.HistoryEntry] = []
    token = ""
    while True:
        request = pb2.GetFlagHistoryRequest(environment="production", flag_key="a", page_size=size, page_token=token)
        page = await desk.call(desk.flags.GetFlagHistory, request)
        found += page.entries
        token = page.next_page_token
        if not token:
            break
    assert found == whole
    assert [entry.version for entry in found] == [7, 6, 5, 4, 3, 2, 1]
