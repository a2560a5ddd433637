"""The replica: whatever way the rules arrive, the same rules are held, and never older ones."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.errors import DigestMismatch, TransferRefused
from mirante.evaluation import EvaluationError, evaluate
from mirante.replica import Change, Replica, digest_of

from tests.support.flag_messages import bool_flag, dependent_flag, digest, full, percentage_flag, segment, segment_flag

KEYS = ["a", "b", "c", "d"]

# What happens to the environment in one revision: flags put (with their kill state) and flags removed.
STEPS = st.lists(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["put", "kill", "remove"])), max_size=12)


def held(transfer: sync_pb2.Transfer) -> Replica:
    """A replica that was brought there at once."""
    replica = Replica()
    replica.apply(transfer)
    return replica


def answers(replica: Replica) -> dict[str, object]:
    """What one context gets from every flag, revision included."""
    context = {"targeting_key": "user-7"}
    return {key: evaluate(replica.ruleset, key, context, 0.0) for key in KEYS}


def changes(
    revision: int,
    *flags: flag_pb2.Flag,
    held_then: list[flag_pb2.Flag],
    removed: list[str] | None = None,
    lineage: str = "a",
) -> sync_pb2.Transfer:
    """Differences that lead to `revision`, where `held_then` is everything."""
    return sync_pb2.Transfer(
        intent=sync_pb2.TRANSFER_INTENT_CHANGES,
        flags=flags,
        removed_flags=removed or [],
        revision=revision,
        lineage=lineage,
        resume_token=f"{lineage}/{revision}".encode(),
        digest=digest(held_then),
    )


@settings(deadline=None)  # machines are noisy
@given(STEPS, st.data())
def test_every_way_leads_to_the_same_rules(steps: list[dict[str, str]], data: st.DataObject) -> None:
    """Single changes, merged changes, full transfers and parts in any mixture end where one full transfer ends."""
    replica = held(full([], 1))
    flags: dict[str, flag_pb2.Flag] = {}
    pending: dict[str, str] = {}
    revisions = [1]
    for revision, step in enumerate(steps, start=2):
        for key, action in step.items():
            if action == "remove":
                flags.pop(key, None)
            else:
                flags[key] = bool_flag(key, revision, killed=action == "kill")
        pending.update(step)
        way = data.draw(st.sampled_from(["change", "full", "parts", "wait"]))
        if way == "wait":
            continue
        message = full(flags.values(), revision)
        if way == "change":
            put = [flags[key] for key in pending if key in flags]
            gone = [key for key in pending if key not in flags]
            message = changes(revision, *put, held_then=list(flags.values()), removed=gone)
        if way == "parts":
            for flag in message.flags:
                assert replica.apply(sync_pb2.Transfer(intent=message.intent, flags=[flag], more=True)) is None
            del message.flags[:]
        replica.apply(message)
        pending.clear()
        revisions.append(replica.ruleset.stamp.revision)
    replica.apply(full(flags.values(), len(steps) + 2))
    assert answers(replica) == answers(held(full(flags.values(), len(steps) + 2)))
    assert revisions == sorted(revisions)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=20))
def test_revisions_never_go_back(arrivals: list[tuple[int, bool]]) -> None:
    """Whatever order transfers of one lineage come in, the revision that answers only grows."""
    replica, seen = Replica(), [0]
    for revision, whole in arrivals:
        flags = [bool_flag("a", revision)]
        message = full(flags, revision) if whole else changes(revision, *flags, held_then=flags)
        with contextlib.suppress(TransferRefused):
            replica.apply(message)
        seen.append(replica.ruleset.stamp.revision)
    assert seen == sorted(seen)


def test_an_older_revision_is_refused_and_keeps_the_token() -> None:
    """A lagging service is asked again with the token already held."""
    replica = held(full([bool_flag("a", 5)], 5))
    with pytest.raises(TransferRefused, match="revision 4 is older than 5") as refused:
        replica.apply(full([bool_flag("a", 4)], 4))
    assert refused.value.from_nothing is False
    assert (replica.revision, replica.resume_token) == (5, b"a/5")


def test_another_lineage_may_have_any_revision() -> None:
    """After the database was restored a full transfer is taken, lower revision or not."""
    replica = held(full([bool_flag("a", 5)], 5))
    replica.apply(full([bool_flag("b", 1)], 2, lineage="b"))
    assert (replica.revision, replica.lineage, sorted(replica.ruleset.flags)) == (2, "b", ["b"])


@pytest.mark.parametrize("intent", [sync_pb2.TRANSFER_INTENT_NONE, sync_pb2.TRANSFER_INTENT_CHANGES])
@pytest.mark.parametrize("start", ["empty", "another lineage"])
def test_what_continues_something_else_is_refused(intent: sync_pb2.TransferIntent.ValueType, start: str) -> None:
    """Without the rules that it builds on, a transfer means nothing."""
    replica = Replica() if start == "empty" else held(full([], 1, lineage="b"))
    message = sync_pb2.Transfer(intent=intent, revision=2, lineage="a")
    with pytest.raises(TransferRefused) as refused:
        replica.apply(message)
    assert refused.value.from_nothing is True


def test_an_unknown_intent_is_refused() -> None:
    """What a newer service means by it cannot be guessed."""
    with pytest.raises(TransferRefused, match="unknown intent"):
        Replica().apply(sync_pb2.Transfer(revision=1))


def test_a_wrong_digest_changes_nothing() -> None:
    """When it does not add up, the rules stay as they were."""
    replica = held(full([bool_flag("a")], 1))
    before = replica.ruleset
    message = changes(2, bool_flag("a", 2, killed=True), held_then=[])
    with pytest.raises(DigestMismatch):
        replica.apply(message)
    assert replica.ruleset is before
    assert replica.revision == 1


def test_parts_of_a_broken_transfer_are_forgotten() -> None:
    """The next stream starts a transfer of its own."""
    replica = held(full([], 1))
    replica.apply(sync_pb2.Transfer(intent=sync_pb2.TRANSFER_INTENT_FULL, flags=[bool_flag("ghost")], more=True))
    replica.forget_parts()
    replica.apply(full([bool_flag("a")], 2))
    assert list(replica.ruleset.flags) == ["a"]


def test_nothing_shows_before_the_last_part() -> None:
    """A transfer in parts takes effect all at once."""
    replica = held(full([bool_flag("a")], 1))
    part = changes(0, bool_flag("a", 2, killed=True), held_then=[])
    part.more = True
    replica.apply(part)
    assert evaluate(replica.ruleset, "a", {}, 0.0).value is True


def test_a_definition_of_a_newer_version_fails_alone() -> None:
    """An operator that is unknown here breaks its flag, is counted in the digest, and heals with the next version."""
    strange = bool_flag("a")
    condition = flag_pb2.Condition(attribute="x", operator=99, values=[value_pb2.Value(int_value=1)])  # type: ignore[arg-type]
    strange.rules.append(flag_pb2.Rule(id="new", conditions=[condition], serve=flag_pb2.Serve(variant="on")))
    replica = held(full([strange, bool_flag("b")], 1))
    assert evaluate(replica.ruleset, "a", {}, 0.0).error is EvaluationError.INVALID_DEFINITION
    assert evaluate(replica.ruleset, "b", {}, 0.0).value is True
    healed = bool_flag("a", 2)
    replica.apply(changes(2, healed, held_then=[healed, bool_flag("b")]))
    assert evaluate(replica.ruleset, "a", {}, 0.0).value is True


def test_a_segment_of_a_newer_version_fails_what_asks_for_it() -> None:
    """Who belongs to it is not known here, so the flags that ask have no answer; the others have."""
    strange = segment("vip", "user-7")
    condition = flag_pb2.Condition(attribute="x", operator=99)  # type: ignore[arg-type]
    strange.rules.append(flag_pb2.SegmentRule(conditions=[condition]))
    flags = [segment_flag("a", "vip"), bool_flag("b")]
    replica = held(full(flags, 1, segments=[strange]))
    assert evaluate(replica.ruleset, "a", {"targeting_key": "user-7"}, 0.0).error is EvaluationError.INVALID_DEFINITION
    assert evaluate(replica.ruleset, "b", {}, 0.0).value is True
    change = replica.apply(full(flags, 2, segments=[segment("vip", "user-7", version=2)]))
    assert change == Change(2, frozenset({"a"}))
    assert evaluate(replica.ruleset, "a", {"targeting_key": "user-7"}, 0.0).value is True


def test_a_full_transfer_names_only_what_differs() -> None:
    """After a reconnect nobody is told of flags that stayed as they were, and these are not compiled again."""
    replica = held(full([bool_flag("a"), bool_flag("b"), bool_flag("c")], 1))
    compiled = replica.ruleset.flags["a"]
    change = replica.apply(full([bool_flag("a"), bool_flag("b", 2)], 2))
    assert change == Change(2, frozenset({"b", "c"}))
    assert replica.ruleset.flags["a"] is compiled


def test_changes_reach_what_refers_to_them() -> None:
    """A changed segment or prerequisite also changes the flags that use it, however indirectly."""
    flags = [segment_flag("direct", "inner"), segment_flag("nested", "outer"), bool_flag("other")]
    flags.append(dependent_flag("dependent", "direct"))
    segments = [segment("inner", "user-1"), segment("outer", nested="inner")]
    replica = held(full(flags, 1, segments=segments))
    change = replica.apply(full(flags, 2, segments=[segment("inner", "user-7", version=2), segments[1]]))
    assert change == Change(2, frozenset({"direct", "nested", "dependent"}))


def test_the_first_transfer_names_everything() -> None:
    """Before it there was nothing."""
    assert Replica().apply(full([bool_flag("a")], 1)) == Change(1, frozenset({"a"}), first=True)


def test_marking_stale_keeps_the_answers() -> None:
    """Only the mark on the answers differs."""
    replica = held(full([percentage_flag("a", 50_000)], 1))
    context = {"targeting_key": "user-7"}
    fresh = evaluate(replica.ruleset, "a", context, 0.0)
    assert replica.mark_stale(stale=True) is True
    assert replica.mark_stale(stale=True) is False
    stale = evaluate(replica.ruleset, "a", context, 0.0)
    assert (stale.value, stale.revision, stale.stale, fresh.stale) == (fresh.value, fresh.revision, True, False)


def test_confirmation_lifts_the_mark() -> None:
    """A service that says "you are current" makes stale rules fresh."""
    flags = [bool_flag("a")]
    replica = Replica()
    replica.apply(full(flags, 3), stale=True)
    assert replica.stale is True
    none = sync_pb2.Transfer(intent=sync_pb2.TRANSFER_INTENT_NONE, revision=3, lineage="a", digest=digest(flags))
    assert replica.apply(none) == Change(3, frozenset())
    assert replica.stale is False


def test_a_full_transfer_of_a_replica_makes_an_equal_one() -> None:
    """What is saved to disk is all that there is."""
    replica = held(
        full([percentage_flag("a", 30_000), segment_flag("b", "vip")], 7, segments=[segment("vip", "user-7")])
    )
    copy = held(replica.full_transfer())
    assert answers(copy) == answers(replica)
    assert (copy.resume_token, copy.digest) == (replica.resume_token, replica.digest)


def test_the_digest_is_that_of_the_contract() -> None:
    """SHA-256 over "KIND/KEY@VERSION", first 8 bytes little-endian, summed modulo 2^64."""
    assert digest_of([]) == 0
    assert digest_of([("flag", "nova_ui_vendas", 3)]) == 971472017752423557
    assert digest_of([("flag", "nova_ui_vendas", 3), ("segment", "beta", 1)]) == 6876656836230039175
