"""A controller between a small Kubernetes API and a real flag service, and what people do at both ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2
from mirante.api.flags.v1 import flag_pb2

from services.controller.app import running
from services.controller.settings import ControllerSettings
from tests.support.fake_kubernetes import EVENTS, FLAGS, FakeKubernetes, Object
from tests.support.serving import PATIENCE_SECONDS, PRODUCTION, Serving

NAME = "nova-ui-vendas"
KEY = "nova_ui_vendas"
PATH = f"{FLAGS}/{NAME}"


def resource(**spec: Any) -> Object:
    """A resource for the flag `nova_ui_vendas`, on for everybody."""
    return {
        "apiVersion": "flags.mirante.dev/v1alpha1",
        "kind": "FeatureFlag",
        "metadata": {"name": NAME},
        "spec": {"environment": PRODUCTION, "key": KEY, "on": True, **spec},
    }


def condition(document: Object | None, kind: str) -> tuple[str, str]:
    """Return status and reason of a condition."""
    for each in ((document or {}).get("status") or {}).get("conditions", []):
        if each["type"] == kind:
            return each["status"], each["reason"]
    return "", ""


@dataclass(frozen=True)
class Desk:
    """Both ends."""

    kubernetes: FakeKubernetes
    service: Serving

    async def create(self, **spec: Any) -> None:
        """`kubectl create`."""
        await self.kubernetes.create(FLAGS, resource(**spec))

    async def patch(self, **spec: Any) -> None:
        """`kubectl patch --type merge`."""
        await self.kubernetes.patch(PATH, {"spec": spec})

    async def becomes(self, kind: str, status: str, reason: str) -> Object:
        """Return the resource once a condition of its present generation is so."""

        def holds() -> bool:
            document = self.kubernetes.get(PATH)
            return (
                document is not None
                and (document.get("status") or {}).get("observedGeneration") == document["metadata"]["generation"]
                and condition(document, kind) == (status, reason)
            )

        await self.kubernetes.until(holds)
        return self.kubernetes.get(PATH) or {}

    async def synced(self) -> Object:
        """Return the resource once its present generation is carried out."""
        return await self.becomes("Synced", "True", "AsStated")

    async def shows(self, name: str, value: object) -> Object:
        """Return the status once it has this value."""

        def status() -> Object:
            return (self.kubernetes.get(PATH) or {}).get("status") or {}

        await self.kubernetes.until(lambda: status().get(name) == value)
        return status()

    async def event(self, reason: str) -> str:
        """Return the message of an event once it was told."""

        def told() -> list[str]:
            return [each["message"] for each in self.kubernetes.of(EVENTS) if each["reason"] == reason]

        await self.kubernetes.until(told)
        return told()[-1]

    async def flag(self) -> pb2.FlagRecord:
        """Return the flag as the service has it."""
        request = pb2.GetFlagRequest(environment=PRODUCTION, flag_key=KEY)
        return (await self.service.flags.GetFlag(request, metadata=self.service.admin)).record

    async def until_flag(self, condition: Any) -> pb2.FlagRecord:
        """Return the flag once a condition of it holds."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition(record := await self.flag()):
                await asyncio.sleep(0.02)
        return record

    async def edit(self, **fields: Any) -> None:
        """Change the flag in the dashboard."""
        record = await self.flag()
        flag = flag_pb2.Flag()
        flag.CopyFrom(record.flag)
        flag.MergeFrom(flag_pb2.Flag(**fields))
        flag.ClearField("bucketing")
        request = pb2.UpdateFlagRequest(environment=PRODUCTION, flag=flag, etag=record.etag)
        await self.service.flags.UpdateFlag(request, metadata=self.service.admin)


@asynccontextmanager
async def controlling(desk: Desk, home: Path, **settings: Any) -> AsyncIterator[None]:
    """Run a controller until the block ends."""
    quick: dict[str, Any] = {
        "key": desk.service.keys["editor"],
        "resync_seconds": 3600.0,
        "drift_seconds": 0.05,
        "lease_seconds": 3.0,
        "drain_seconds": 0.0,
    }
    chosen = ControllerSettings(
        home=home,
        port=0,
        kubeconfig=desk.kubernetes.kubeconfig(home),
        flags_address=f"127.0.0.1:{desk.service.service.port}",
        **(quick | settings),
    )
    async with running(chosen):
        yield
