"""Nothing that fails for a while is given up, and of several replicas one works."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.fake_kubernetes import FLAGS, LEASES, fake_kubernetes
from tests.support.flag_resources import PATH, Desk, condition, controlling, resource
from tests.support.flag_service_process import ServiceProcess
from tests.support.serving import Datastores, serving


class ControllerProcess(ServiceProcess):
    """A controller as a process of its own."""

    def __init__(self, desk: Desk, home: Path, name: str) -> None:
        folder = home / name
        folder.mkdir()
        super().__init__(
            "services.controller",
            "MIRANTE_CONTROLLER_PORT",
            folder,
            "",
            "",
            KUBECONFIG=str(desk.kubernetes.kubeconfig(home)),
            MIRANTE_FLAGS_ADDRESS=f"127.0.0.1:{desk.service.service.port}",
            MIRANTE_CONTROLLER_KEY=desk.service.keys["editor"],
            MIRANTE_CONTROLLER_LEASE_SECONDS="3",
        )


@pytest.fixture
def processes(desk: Desk, tmp_path: Path) -> Iterator[list[ControllerProcess]]:
    """Two replicas that are not started; none outlives the test."""
    with ExitStack() as stack:
        found = [ControllerProcess(desk, tmp_path, name) for name in ("first", "second")]
        for each in found:
            stack.callback(each.kill)
        yield found


async def test_another_replica_takes_over_from_one_that_is_killed(
    desk: Desk, processes: list[ControllerProcess]
) -> None:
    """`kill -9` of the leader; what was patched meanwhile is done by the other, once."""
    first, second = processes
    first.start()
    await first.serving()
    await desk.create()
    await desk.synced()
    holder = _holder(desk)
    second.start()
    await second.serving()
    assert _holder(desk) == holder
    first.kill()
    await desk.patch(killed=True)
    await desk.until_flag(lambda found: found.flag.HasField("kill"))
    assert (await desk.flag()).flag.version == 2
    assert _holder(desk) not in ("", holder)
    assert await second.terminate() == 0
    assert _holder(desk) == "", "the lease is given back"


def _holder(desk: Desk) -> str:
    lease = desk.kubernetes.get(f"{LEASES}/mirante-controller")
    return str(lease["spec"]["holderIdentity"]) if lease else ""


async def test_watches_that_break_and_writes_that_are_refused(controlled: Desk) -> None:
    """History that is compacted away, conflicts, and a server that stumbles: in the end everything is done."""
    controlled.kubernetes.refusals += [("featureflags/nova-ui-vendas/status", 409), ("/events", 500)]
    await controlled.create()
    await controlled.synced()
    await controlled.kubernetes.compact()
    await controlled.patch(description="depois")
    await controlled.synced()
    assert (await controlled.flag()).flag.description == "depois"
    await controlled.kubernetes.cut()
    controlled.kubernetes.refusals.append(("featureflags/nova-ui-vendas", 409))
    await controlled.patch(ownership={"owner": "git", "on_delete": "archive"})
    await controlled.kubernetes.until(lambda: controlled.kubernetes.get(PATH)["metadata"].get("finalizers"))  # type: ignore[index] # it is there
    await controlled.kubernetes.delete(PATH)
    await controlled.kubernetes.until(lambda: controlled.kubernetes.get(PATH) is None)


async def test_what_is_wanted_while_the_flag_service_is_away_is_done_when_it_is_back(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """The resource says why it waits."""
    stores = Datastores(database_url, redis_url, tmp_path)
    async with fake_kubernetes() as kubernetes:
        async with serving(stores) as service:
            desk = Desk(kubernetes, service)
            port = service.service.port
        async with controlling(desk, tmp_path):
            await desk.create()
            await desk.becomes("Ready", "False", "Unavailable")
            async with serving(stores, port=port) as again:
                back = Desk(kubernetes, again)
                await back.synced()
                assert (await back.flag()).flag.on


async def test_a_key_without_the_rights_is_told_about(desk: Desk, tmp_path: Path) -> None:
    """An environment that the key does not hold, and a role that may not."""
    other = resource()
    other["metadata"]["name"] = "staging"
    other["spec"]["environment"] = "staging"
    async with controlling(desk, tmp_path):
        await desk.kubernetes.create(FLAGS, other)
        await desk.kubernetes.until(
            lambda: condition(desk.kubernetes.get(f"{FLAGS}/staging"), "Ready") == ("False", "EnvironmentDenied")
        )
    async with controlling(desk, tmp_path, key=desk.service.keys["reader"]):
        await desk.create()
        await desk.becomes("Ready", "False", "RoleDenied")
