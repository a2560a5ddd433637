"""The parts of a client that holds the rules, put together, without a service."""

from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.client.in_process import InProcessRules
from mirante.client.settings import ClientSettings

from tests.support.flag_messages import bool_flag, full


def test_a_fork_in_the_middle_of_a_transfer_leaves_no_part_of_it() -> None:
    """The stream ended with the fork: the next one sends everything anew, and perhaps not what was archived since."""
    rules = InProcessRules(ClientSettings("localhost:1", "key"))
    try:
        rules.receive(sync_pb2.Transfer(intent=sync_pb2.TRANSFER_INTENT_FULL, flags=[bool_flag("ghost")], more=True))
        rules.before_fork()
        rules.after_fork_in_parent()
        assert rules.receive(full([bool_flag("a")], 2)) is not None
        assert list(rules.replica.ruleset.flags) == ["a"]
    finally:
        rules.close()
