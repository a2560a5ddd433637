"""Tenants and people that are forgotten, joined and taken apart again, in the state and in the roll-ups."""

import asyncio

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from tests.support.metrics_events import NOW, THIS_MINUTE, entry, erasure, merge, sale, tenant_erasure
from tests.support.metrics_recount import counted
from tests.support.metrics_world import World, ended
from tests.support.serving import eventually

LONG_AGO = THIS_MINUTE - 10 * 1440


async def test_nothing_is_left_of_an_erased_tenant() -> None:
    """Neither of now nor of long ago; what comes after is counted, and others keep theirs."""
    world = World()
    for tenant in ("acme", "globex"):
        world.log.append(
            *[sale(at, "ana", f"v-{at}", tenant=tenant) for at in (LONG_AGO, THIS_MINUTE - 70, THIS_MINUTE)]
        )
    await world.until_written()
    world.log.append(sale(LONG_AGO, "ana", "v-2"), tenant_erasure("acme"), sale(LONG_AGO, "ana", "v-3"))
    await world.until_written()
    hours = {(key.tenant, key.hour) for key in world.rollups.stored if key.metric == "vendas_hora"}
    assert hours == {("acme", LONG_AGO // 60)} | {
        ("globex", at // 60) for at in (LONG_AGO, THIS_MINUTE - 70, THIS_MINUTE)
    }
    (row,) = [row for key, row in world.rollups.stored.items() if (key.tenant, key.metric) == ("acme", "vendas_hora")]
    assert row.whole.value == 1


async def test_what_an_erased_person_did_is_taken_out_of_the_day() -> None:
    """Also out of roll-ups, as far as it was read lately."""
    world = World()
    world.log.append(sale(LONG_AGO, "ana", "v-1"), sale(THIS_MINUTE, "ana", "v-2"), sale(THIS_MINUTE, "bia", "v-3"))
    for each in world.log.entries:
        each.event.received_at.seconds = NOW
    await world.until_written()
    assert world.sales_written() == {LONG_AGO: 1, THIS_MINUTE: 2}
    world.log.append(erasure("ana"))
    await world.until_written()
    assert world.sales_written() == {THIS_MINUTE: 1}


async def test_a_merge_that_was_taken_back_is_counted_anew() -> None:
    """Whose the events were is said by the log alone: it is read again, and roll-ups say two people as well."""
    world = World()
    events = [entry("presenca", THIS_MINUTE, "anonymous"), entry("presenca", THIS_MINUTE, "ana")]
    world.log.append(*events, merge("anonymous", "ana"))
    follower = world.follower()
    task = asyncio.ensure_future(follower.run())

    def online() -> object:
        return counted(follower.view.metrics, THIS_MINUTE)["usuarios_online", ""]

    async def joined() -> bool:
        return follower.view.at_end and online() == 1 and world.all_written

    async def apart() -> bool:
        hours = [row for key, row in world.rollups.stored.items() if key.metric == "usuarios_online"]
        return online() == 2 and world.all_written and [row.whole.value for row in hours] == [2]

    await eventually(joined)
    del world.log.entries[2]  # whoever reads it now sees nothing of the merge
    split = log_pb2.LogEntry()
    split.split.tenant, split.split.actor_id, split.split.from_actor_id = "acme", b"anonymous", b"ana"
    world.log.entries.insert(0, tenant_erasure("globex"))
    world.log.append(split)
    await eventually(apart)
    await ended(task)
