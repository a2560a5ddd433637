"""`mirante flags watch`: changes as they arrive, over reconnects."""

import queue
import random
import time
import uuid

import grpc
import typer
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from services.cli.command import command
from services.cli.flags.changes import Change, Rules
from services.cli.output import Output, local_time, styled
from services.cli.plain import plain
from services.cli.refusals import LASTING, from_rpc_error
from services.cli.session import Session

watching = typer.Typer()

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0
_STYLES = {"killed": "bold red", "archived": "red", "restored": "green", "created": "green"}


@command(watching, "watch")
def watch_flags(session: Session) -> None:
    """Print changes of flags and segments as they happen, until Ctrl-C."""
    try:
        _Watch(session).run()
    except KeyboardInterrupt:
        return


class _Watch:
    """Follows one environment. A lost connection is resumed where it broke off; only a lasting refusal ends it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._output = session.output
        self._rules = Rules()
        self._instance = uuid.uuid4().hex
        self._resume_token = b""
        self._digest = 0
        self._has_rules = False
        self._pause_seconds = _FIRST_PAUSE_SECONDS

    def run(self) -> None:
        while True:
            try:
                wait_seconds = self._follow()
            except grpc.RpcError as error:
                refusal = from_rpc_error(error, self._session.connection.address)
                is_token_refused = refusal.status == grpc.StatusCode.INVALID_ARGUMENT.name and self._resume_token
                if not self._has_rules or (refusal.status in LASTING and not is_token_refused):
                    raise refusal from None
                if is_token_refused:
                    self._resume_token = b""  # whatever is wrong with it, everything anew is right
                self._output.remark(f"{refusal.message}; trying again")
                wait_seconds = self._pause_seconds * random.uniform(0.5, 1.0)
                self._pause_seconds = min(self._pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
            time.sleep(wait_seconds)

    def _follow(self) -> float:
        """Follow one stream; return how long to wait before the next when the service closes it."""
        self._rules.forget_parts()
        requests: queue.SimpleQueue[sync_pb2.WatchFlagsRequest | None] = queue.SimpleQueue()
        requests.put(sync_pb2.WatchFlagsRequest(subscribe=self._subscribe()))
        stream = self._session.sync.WatchFlags(iter(requests.get, None), metadata=self._session.metadata)
        try:
            for response in stream:
                kind = response.WhichOneof("kind")
                if kind == "goodbye":
                    return response.goodbye.retry_after.ToMilliseconds() / 1000
                if kind == "transfer" and self._apply(response.transfer):
                    applied = sync_pb2.Applied(revision=response.transfer.revision)
                    requests.put(sync_pb2.WatchFlagsRequest(applied=applied))
        finally:
            requests.put(None)
            stream.cancel()
        return self._pause_seconds

    def _subscribe(self) -> sync_pb2.Subscribe:
        return sync_pb2.Subscribe(
            environment=self._session.environment,
            resume_token=self._resume_token,
            digest=self._digest,
            client_name="mirante flags watch",
            client_instance=self._instance,
        )

    def _apply(self, transfer: sync_pb2.Transfer) -> bool:
        """Take in a transfer and print what it changed; return whether it was complete."""
        changes = self._rules.apply(transfer)
        if changes is None:
            return False
        self._resume_token, self._digest = transfer.resume_token, transfer.digest
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        if self._has_rules:
            for change in changes:
                self._print(change, transfer)
        else:
            self._has_rules = True
            count = f"{len(self._rules.flags)} flags, {len(self._rules.segments)} segments"
            self._output.remark(f"watching from revision {transfer.revision} ({count}); Ctrl-C ends")
        return True

    def _print(self, change: Change, transfer: sync_pb2.Transfer) -> None:
        def show(output: Output) -> None:
            what = styled(change.what, _STYLES.get(change.what, "yellow"))
            name = change.key if change.kind == "flag" else f"{change.kind} {change.key}"
            output.line(f"{local_time(transfer.committed_at)}  {name}  ", what, f"  {change.detail}")

        self._output.answer(
            lambda: {
                "revision": transfer.revision,
                "committed_at": plain(transfer.committed_at),
                "kind": change.kind,
                "key": change.key,
                "change": change.what.replace(" ", "_"),
                "detail": change.detail,
                "definition": None if change.after is None else plain(change.after),
            },
            show,
        )
