"""Kill and restore, and who has them."""

import json

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from tests.integration.cli.conftest import Mirante
from tests.support.scripted_service import ScriptedService


def killed_record(request: flags_pb2.KillFlagRequest) -> flags_pb2.KillFlagResponse:
    """Answer as the service does."""
    kill = flag_pb2.Kill(by="ana", at=Timestamp(seconds=1_800_000_000), reason=request.reason)
    flag = flag_pb2.Flag(key=request.flag_key, on=True, version=7, kill=kill)
    return flags_pb2.KillFlagResponse(record=flags_pb2.FlagRecord(flag=flag, revision=42, updated_by="ana"))


def test_kill_waits_until_all_processes_have_it(service: ScriptedService, mirante: Mirante) -> None:
    """It asks for the revision of the kill until nobody lacks it."""
    applied = iter([3, 11, 12])
    service.answers["KillFlag"] = killed_record
    service.answers["GetDelivery"] = lambda request: sync_pb2.GetDeliveryResponse(
        revision=request.revision, connected=12, applied=next(applied)
    )
    result = mirante("flags", "kill", "nova_ui_vendas", "--reason", "erro no checkout")
    assert result.exit_code == 0, result.output
    headline, delivery = result.stdout.splitlines()
    assert headline.startswith("nova_ui_vendas: killed 2027-01-15 ")
    assert headline.endswith("by ana: erro no checkout (revision 42)")
    assert delivery == "12 of 12 connected processes have it"
    assert [request.revision for request in service.requests("GetDelivery")] == [42, 42, 42]


def test_kill_that_does_not_wait(service: ScriptedService, mirante: Mirante) -> None:
    """`--no-wait` asks nothing."""
    service.answers["KillFlag"] = killed_record
    result = mirante("flags", "kill", "nova_ui_vendas", "-r", "x", "--no-wait", "--json")
    assert list(json.loads(result.stdout)) == ["record"]
    assert service.requests("GetDelivery") == []


def test_kill_has_happened_when_nobody_knows_who_has_it(service: ScriptedService, mirante: Mirante) -> None:
    """Not knowing is no failure of the kill."""
    service.answers["KillFlag"] = killed_record
    result = mirante("flags", "kill", "nova_ui_vendas", "-r", "x")
    assert result.exit_code == 0
    assert "cannot say who has it" in result.stderr


def test_counts_of_one_replica_are_marked(service: ScriptedService, mirante: Mirante) -> None:
    """Partial knowledge is not sold as whole."""
    service.answers["KillFlag"] = killed_record
    service.answers["GetDelivery"] = lambda _: sync_pb2.GetDeliveryResponse(connected=0, partial=True)
    result = mirante("flags", "kill", "nova_ui_vendas", "-r", "x")
    assert result.stdout.splitlines()[1] == "no process is connected (of one replica; others could not be asked)"


def test_delivery_is_part_of_the_json(service: ScriptedService, mirante: Mirante) -> None:
    """One document with both."""
    service.answers["KillFlag"] = killed_record
    service.answers["GetDelivery"] = lambda _: sync_pb2.GetDeliveryResponse(revision=42, connected=1, applied=1)
    data = json.loads(mirante("flags", "kill", "nova_ui_vendas", "-r", "x", "--json").stdout)
    assert data["record"]["flag"]["kill"]["reason"] == "x"
    assert (data["delivery"]["connected"], data["delivery"]["applied"]) == (1, 1)


def test_text_of_others_does_not_steer_the_terminal(service: ScriptedService, mirante: Mirante) -> None:
    """Escape sequences and markup in a reason are shown, not obeyed."""
    service.answers["KillFlag"] = killed_record
    service.answers["GetDelivery"] = lambda _: sync_pb2.GetDeliveryResponse()
    result = mirante("flags", "kill", "x", "-r", "[red]\x1b[2Jfim")
    assert "[red]\N{REPLACEMENT CHARACTER}[2Jfim" in result.stdout
