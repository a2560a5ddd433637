"""`mirante flags watch` over a stream that breaks, says goodbye and ends."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from tests.integration.cli.conftest import Mirante
from tests.support.scripted_service import Refused, ScriptedService

Stream = Iterator[sync_pb2.WatchFlagsResponse]


def transfer(intent: sync_pb2.TransferIntent.ValueType, revision: int, *flags: flag_pb2.Flag) -> Any:
    """Return a transfer whose token names its revision."""
    message = sync_pb2.Transfer(
        intent=intent, flags=flags, revision=revision, resume_token=b"r%d" % revision, digest=revision
    )
    return sync_pb2.WatchFlagsResponse(transfer=message)


def flag(version: int, *, on: bool) -> flag_pb2.Flag:
    """Return the watched flag."""
    return flag_pb2.Flag(key="dark_mode", version=version, on=on)


FULL = transfer(sync_pb2.TRANSFER_INTENT_FULL, 1, flag(1, on=False))
END = Refused(grpc.StatusCode.PERMISSION_DENIED, "ROLE_DENIED", "the end")


class Script:
    """One function a stream, in turn, then the end; and what each subscriber said first."""

    def __init__(self, service: ScriptedService, *streams: Callable[[Iterator[Any]], Stream]) -> None:
        self.subscribed: list[sync_pb2.Subscribe] = []
        self._streams = iter(streams)
        service.answers["WatchFlags"] = self.answer

    def answer(self, requests: Iterator[Any]) -> Stream:
        """Answer one stream."""
        self.subscribed.append(next(requests).subscribe)
        return next(self._streams, end)(requests)


def end(_: Iterator[Any]) -> Stream:
    """Refuse for good, which ends the watch."""
    raise END


def test_changes_go_on_where_a_broken_stream_ended(service: ScriptedService, mirante: Mirante) -> None:
    """It resumes by token and digest, and no change is printed twice or lost."""

    def breaks(_: Iterator[Any]) -> Stream:
        yield FULL
        yield transfer(sync_pb2.TRANSFER_INTENT_CHANGES, 2, flag(2, on=True))
        raise Refused(grpc.StatusCode.UNAVAILABLE, "NOT_READY", "shutting down")

    def resumes(_: Iterator[Any]) -> Stream:
        yield transfer(sync_pb2.TRANSFER_INTENT_CHANGES, 3, flag(3, on=False))
        raise END

    script = Script(service, breaks, resumes)
    result = mirante("flags", "watch", "--json")
    changes = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(each["revision"], each["key"], each["change"]) for each in changes] == [
        (2, "dark_mode", "switched_on"),
        (3, "dark_mode", "switched_off"),
    ]
    assert result.exit_code == 1
    assert [(each.resume_token, each.digest) for each in script.subscribed] == [(b"", 0), (b"r2", 2)]
    assert script.subscribed[0].client_instance == script.subscribed[1].client_instance


def test_applied_revisions_are_acknowledged(service: ScriptedService, mirante: Mirante) -> None:
    """A watcher counts among the processes that have a change."""
    acknowledged: list[int] = []

    def listens(requests: Iterator[Any]) -> Stream:
        yield FULL
        acknowledged.append(next(requests).applied.revision)
        raise END

    Script(service, listens)
    mirante("flags", "watch")
    assert acknowledged == [1]


def test_goodbye_is_followed_by_another_stream(service: ScriptedService, mirante: Mirante) -> None:
    """The service asked to come back, so nobody is told of a fault."""

    def leaves(_: Iterator[Any]) -> Stream:
        yield FULL
        yield sync_pb2.WatchFlagsResponse(goodbye=sync_pb2.Goodbye())

    script = Script(service, leaves)
    result = mirante("flags", "watch")
    assert len(script.subscribed) == 2
    assert "trying again" not in result.stderr


def test_refused_token_is_dropped(service: ScriptedService, mirante: Mirante) -> None:
    """Everything is asked for anew, and only differences are printed."""

    def breaks(_: Iterator[Any]) -> Stream:
        yield FULL
        raise Refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_RESUME_TOKEN", "not ours")

    def starts_over(_: Iterator[Any]) -> Stream:
        yield transfer(sync_pb2.TRANSFER_INTENT_FULL, 8, flag(1, on=False), flag_pb2.Flag(key="novo", version=1))
        raise END

    script = Script(service, breaks, starts_over)
    result = mirante("flags", "watch", "--json")
    assert [json.loads(line)["key"] for line in result.stdout.splitlines()] == ["novo"]
    assert [each.resume_token for each in script.subscribed] == [b"", b""]


def test_interrupt_ends_the_watch_quietly(service: ScriptedService, tmp_path: Path) -> None:
    """Ctrl-C is how it is meant to end."""
    connected, released = threading.Event(), threading.Event()

    def stays(requests: Iterator[Any]) -> Stream:
        yield FULL
        next(requests)
        connected.set()
        released.wait()

    Script(service, stays)
    command = [str(Path(sys.executable).with_name("mirante")), "flags", "watch"]
    environment = {**os.environ, "MIRANTE_ADDRESS": service.address, "MIRANTE_API_KEY": "x"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert connected.wait(60)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            released.set()
            process.kill()
    assert (process.returncode, out) == (0, "")
    assert err == "watching from revision 1 (1 flags, 0 segments); Ctrl-C ends\n"
