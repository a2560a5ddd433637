"""What people read when the service, or the way to it, says no."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import segment_admin_service_pb2 as segments_pb2

from tests.integration.cli.conftest import Mirante
from tests.support.scripted_service import Refused, ScriptedService


def refuse_with(refused: Refused) -> Callable[[object], None]:
    """Return an answer that is always this refusal."""

    def answer(_: object) -> None:
        raise refused

    return answer


def test_unknown_flag_brings_a_suggestion(service: ScriptedService, mirante: Mirante) -> None:
    """The flag that was meant is named."""
    service.answers["GetFlag"] = refuse_with(
        Refused(
            grpc.StatusCode.NOT_FOUND,
            "FLAG_NOT_FOUND",
            "flag nova_ui_venda does not exist in production",
            {"flag_key": "nova_ui_venda"},
        )
    )
    present = [flags_pb2.FlagRecord(flag=flag_pb2.Flag(key=key)) for key in ("dark_mode", "nova_ui_vendas")]
    service.answers["ListFlags"] = lambda _: flags_pb2.ListFlagsResponse(records=present)
    result = mirante("flags", "get", "nova_ui_venda")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: flag nova_ui_venda does not exist in production (FLAG_NOT_FOUND)\nhint: did you mean nova_ui_vendas?\n"
    )


def test_every_wrong_field_has_its_line(service: ScriptedService, mirante: Mirante) -> None:
    """Field and reason, for each violation."""
    violations = [("flag.off_variant", "names no variant"), ("flag.key", "is empty")]
    service.answers["CreateFlag"] = refuse_with(
        Refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_DEFINITION", "two fields", violations=violations)
    )
    result = mirante("flags", "create", "x", "--off-variant", "nope")
    assert result.exit_code == 1
    assert result.stderr == (
        "error: flag.off_variant: names no variant (INVALID_DEFINITION)\n"
        "error: flag.key: is empty (INVALID_DEFINITION)\n"
    )


def test_overload_says_when_to_try_again(service: ScriptedService, mirante: Mirante) -> None:
    """RetryInfo becomes a hint."""
    service.answers["ListFlags"] = refuse_with(
        Refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED", "the key's quota is used up", retry_seconds=3)
    )
    result = mirante("flags", "list")
    assert result.stderr == "error: the key's quota is used up (QUOTA_EXCEEDED)\nhint: try again in 3 s\n"


def test_refusals_are_json_for_programs(service: ScriptedService, mirante: Mirante) -> None:
    """Stdout stays empty, stderr carries one document."""
    service.answers["GetFlag"] = refuse_with(
        Refused(grpc.StatusCode.PERMISSION_DENIED, "ROLE_DENIED", "not yours", {"role": "browser", "needed": "reader"})
    )
    result = mirante("--json", "flags", "get", "x")
    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads(result.stderr) == {
        "error": {
            "message": "not yours",
            "hint": "",
            "status": "PERMISSION_DENIED",
            "reason": "ROLE_DENIED",
            "metadata": {"role": "browser", "needed": "reader"},
            "violations": [],
        }
    }


def test_unknown_key_says_where_keys_come_from(service: ScriptedService, mirante: Mirante) -> None:
    """And the key itself is not shown."""
    service.answers["ListFlags"] = refuse_with(
        Refused(grpc.StatusCode.UNAUTHENTICATED, "UNKNOWN_KEY", "the key is not known")
    )
    result = mirante("flags", "list")
    assert "--api-key, MIRANTE_API_KEY or keys.json" in result.stderr
    assert "segredo" not in result.stderr
    assert service.authorizations == ["Bearer segredo"]


def test_older_service_is_named_as_such(mirante: Mirante) -> None:
    """A call that it does not know is not a fault of the person."""
    result = mirante("flags", "list")
    assert result.exit_code == 1
    assert "older than this command line" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["flags", "list"],
        ["flags", "get", "x"],
        ["flags", "kill", "x", "--reason", "y"],
        ["flags", "watch"],
        ["segments", "list"],
        ["keys", "list"],
        ["environments", "list"],
    ],
)
def test_no_service_is_one_clear_line(mirante: Mirante, arguments: list[str]) -> None:
    """Nobody listens there; the hint says what to do."""
    result = mirante(*arguments, "--address", "localhost:1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: no service answers at localhost:1\nhint: start one with `mirante up`, or name another with --address\n"
    )


def test_listener_that_hangs_up_may_want_tls(mirante: Mirante) -> None:
    """Something is there, so starting another would not help."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            listener.accept()[0].close()

        peer = threading.Thread(target=hang_up)
        peer.start()
        result = mirante("flags", "list", "--address", f"127.0.0.1:{listener.getsockname()[1]}")
        peer.join()
    assert result.exit_code == 1
    assert "see --tls" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["flags", "frob"],
        ["flags", "kill", "x"],
        ["flags", "list", "--state", "maybe"],
        ["flags", "set", "x"],
        ["flags", "set", "x", "--rollout", "on=200"],
        ["flags", "eval", "x", "--attr", "idade:=trinta"],
        ["flags", "import", "/does/not/exist.yaml"],
        ["flags", "list", "--tls-ca", "/does/not/exist.pem"],
        ["keys", "create", "x", "--role", "king", "-e", "production"],
        ["segments", "set", "x", "--include", "tenant_id"],
    ],
)
def test_wrong_usage_exits_with_two(service: ScriptedService, mirante: Mirante, arguments: list[str]) -> None:
    """It is told from a refusal by the service, and nothing is written there."""
    service.answers["GetFlag"] = lambda _: flags_pb2.GetFlagResponse()
    service.answers["GetSegment"] = lambda _: segments_pb2.GetSegmentResponse()
    result = mirante(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert {name for name, _ in service.calls} <= {"GetFlag", "GetSegment"}


def test_a_process_of_its_own_shows_no_traceback(tmp_path: Path) -> None:
    """As installed: exit code 1, one error, not a word from the transport."""
    command = [
        str(Path(sys.executable).with_name("mirante")),
        "--address",
        "localhost:1",
        "--api-key",
        "x",
        "flags",
        "list",
    ]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: no service answers at localhost:1\nhint: ")
    assert len(done.stderr.splitlines()) == 2
