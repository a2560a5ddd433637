"""Which policy an event has."""

from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2


def is_strict(catalogue: pb2.Catalogue, event: pb2.EventDefinition | None = None) -> bool:
    """Return whether violations are refused: of an event by its own policy if it has one, else the catalogue's."""
    own = pb2.POLICY_UNSPECIFIED if event is None else event.policy
    return (own or catalogue.policy) == pb2.POLICY_STRICT
