"""Traits as telemetry tells them."""

from collections.abc import AsyncGenerator

from mirante.api.telemetry.v1 import identity_service_pb2 as pb2
from mirante.wire import value_to_proto

ANA, BIA = b"ana" + bytes(13), b"bia" + bytes(13)
"""Actor ids."""

Told = tuple[bytes, str, object]


class FakeTraits:
    """Changes in their order; cursors are how many of them were told."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.asked: list[bytes] = []
        self.failure: Exception | None = None

    async def changes(self, environment: str, cursor: bytes) -> AsyncGenerator[pb2.ListTraitChangesResponse, None]:
        """See `TraitSource`."""
        assert environment == "production"
        self.asked.append(cursor)
        if self.failure is not None:
            raise self.failure
        for actor, name, value in self.told[int(cursor or b"0") :]:
            response = pb2.ListTraitChangesResponse()
            change = response.changes.add(tenant="acme", actor_id=actor, name=name)
            if value is not None:
                change.value.CopyFrom(value_to_proto(value))  # type: ignore[arg-type]  # of any kind
            yield response
        yield pb2.ListTraitChangesResponse(cursor=b"%d" % len(self.told))
