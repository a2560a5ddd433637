"""`mirante events tail`: events as they come in, over reconnects."""

import random
import time
from collections import deque
from collections.abc import Iterable
from typing import Annotated, Any, Final

import grpc
import typer
from mirante.api.telemetry.v1 import event_log_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_pb2

from services.cli.assignments import value_text
from services.cli.command import command
from services.cli.events.event_data import event_data
from services.cli.output import Output, local_time, styled
from services.cli.plain import plain
from services.cli.refusals import LASTING, from_rpc_error
from services.cli.session import Session

tailing = typer.Typer()

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0
_CAUGHT_UP: Final = 1_000
"""After a lost connection so many of the newest events are looked at for what was missed."""


@command(tailing, "tail")
def tail_events(
    session: Session,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="EVENT", help="Only events of this name; may be repeated.", show_default=False),
    ] = None,
    tenant: Annotated[str, typer.Option(help="Only this tenant's.", show_default=False)] = "",
    user: Annotated[
        str, typer.Option(help="Only this user's, and those from before the user was known.", show_default=False)
    ] = "",
    last: Annotated[int, typer.Option(min=0, max=1_000, help="First so many of the newest.")] = 10,
) -> None:
    """Print events as they come in, until Ctrl-C."""
    request = pb2.TailEventsRequest(
        environment=session.environment, names=name or [], tenant=tenant, user_id=user, last=last
    )
    try:
        _Tail(session, request).run()
    except KeyboardInterrupt:
        return


class _Tail:
    """Looks at one environment. After a lost connection it goes on; only a lasting refusal ends it."""

    def __init__(self, session: Session, request: pb2.TailEventsRequest) -> None:
        self._session = session
        self._output = session.output
        self._request = request
        self._connected = False
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._seen: deque[bytes] = deque(maxlen=2 * _CAUGHT_UP)
        self._since = (0, 0)

    def run(self) -> None:
        while True:
            try:
                self._look()
            except grpc.RpcError as error:
                refusal = from_rpc_error(error, self._session.connection.telemetry_address)
                if not self._connected or refusal.status in LASTING:
                    raise refusal from None
                self._output.remark(f"{refusal.message}; trying again")
            time.sleep(self._pause_seconds * random.uniform(0.5, 1.0))
            self._pause_seconds = min(self._pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
            if self._since[0]:
                self._request.last = _CAUGHT_UP

    def _look(self) -> None:
        """Look at one stream until the service ends it."""
        stream = self._session.event_log.TailEvents(self._request, metadata=self._session.metadata)
        try:
            for response in stream:
                if not self._connected:
                    self._output.remark("looking at events as they come in; Ctrl-C ends")
                # The first response comes at once, with or without events.
                self._connected, self._pause_seconds = True, _FIRST_PAUSE_SECONDS
                self._print(response.events)
                if response.missed:
                    self._tell_missed(response.missed)
        finally:
            stream.cancel()

    def _print(self, events: Iterable[event_pb2.StoredEvent]) -> None:
        for event in events:
            received = (event.received_at.seconds, event.received_at.nanos)
            if received < self._since or event.event.id in self._seen:
                continue  # printed before the connection was lost
            self._since = received
            self._seen.append(event.event.id)
            _show(self._output, event)

    def _tell_missed(self, missed: int) -> None:
        if self._output.as_json:
            self._output.answer(lambda: {"missed": missed}, lambda _: None)
        else:
            self._output.remark(styled(f"{missed} events were left out: they come faster than they are read", "yellow"))


def _show(output: Output, stored: event_pb2.StoredEvent) -> None:
    def show(output: Output) -> None:
        event = stored.event
        output.line(
            f"{local_time(stored.occurred_at)}  ",
            styled(event.name, "bold"),
            f"  {event.tenant or '-'}  {_who(event)}  {_properties(event)}".rstrip(),
        )

    output.answer(lambda: _data(stored), show)


def _who(event: event_pb2.Event) -> str:
    if event.user_id:
        return event.user_id
    return f"({event.anonymous_id})" if event.anonymous_id else "-"


def _properties(event: event_pb2.Event) -> str:
    return " ".join([f"{name}={value_text(event.properties[name])}" for name in sorted(event.properties)])


def _data(stored: event_pb2.StoredEvent) -> dict[str, Any]:
    return {**plain(stored), "event": event_data(stored.event), "actor_id": stored.actor_id.hex()}
