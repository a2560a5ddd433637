"""Which connected processes have a change."""

import time

from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from services.cli.output import Output, styled
from services.cli.refusals import Refusal
from services.cli.session import Session

_PATIENCE_SECONDS = 5.0
_POLL_SECONDS = 0.05


def await_delivery(session: Session, revision: int) -> sync_pb2.GetDeliveryResponse | None:
    """
    Return who has the revision, once everybody has it or patience ends; None when the service cannot say.

    The change itself is made by then: not knowing who has it is no reason to fail.
    """
    request = sync_pb2.GetDeliveryRequest(environment=session.environment, revision=revision)
    give_up = time.monotonic() + _PATIENCE_SECONDS
    try:
        while True:
            delivery = session.call(session.sync.GetDelivery, request)
            if delivery.applied >= delivery.connected or time.monotonic() > give_up:
                return delivery
            time.sleep(_POLL_SECONDS)
    except Refusal:
        return None


def show_delivery(output: Output, delivery: sync_pb2.GetDeliveryResponse | None) -> None:
    """Print who has the change, and who lacks it."""
    if delivery is None:
        output.remark("the service cannot say who has it")
        return
    where = " (of one replica; others could not be asked)" if delivery.partial else ""
    if not delivery.connected:
        output.line(f"no process is connected{where}")
        return
    noun = "process has" if delivery.connected == 1 else "processes have"
    done = delivery.applied >= delivery.connected
    count = styled(f"{delivery.applied} of {delivery.connected}", "green" if done else "bold yellow")
    output.line(count, f" connected {noun} it{where}")
    for lagging in delivery.lagging:
        output.line(f"    not yet: {lagging.client_name} {lagging.client_instance} (at revision {lagging.revision})")
