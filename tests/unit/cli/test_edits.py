"""What the options of `flags create` and `flags set` do to a definition."""

import pytest
from mirante.api.flags.v1 import flag_pb2
from mirante.wire import value_from_proto

from services.cli.flags import edits
from services.cli.flags.defining import Edit
from services.cli.refusals import ExitCode, Refusal


def new_flag(type_: flag_pb2.FlagType.ValueType = flag_pb2.FLAG_TYPE_BOOL) -> flag_pb2.Flag:
    """Return what `flags create` starts from."""
    return flag_pb2.Flag(key="nova_ui_vendas", type=type_)


def stored_flag() -> flag_pb2.Flag:
    """Return a flag as the service returns it."""
    flag = new_flag()
    edits.complete_new(flag)
    flag.version = 1
    return flag


def weights(flag: flag_pb2.Flag) -> list[tuple[str, int]]:
    """Return the fallthrough's splits."""
    return [(split.variant, split.weight) for split in flag.fallthrough.rollout.splits]


def test_new_bool_flag_has_its_variants_by_itself() -> None:
    """On is true, off is false and served while off, on is the fallthrough."""
    flag = new_flag()
    Edit().apply(flag)
    variants = {variant.name: value_from_proto(variant.value) for variant in flag.variants}
    assert variants == {"on": True, "off": False}
    assert (flag.off_variant, flag.fallthrough.variant, flag.on) == ("off", "on", False)


def test_new_string_flag_falls_back_to_control() -> None:
    """A variant named control is what is served while off."""
    flag = new_flag(flag_pb2.FLAG_TYPE_STRING)
    Edit(variant=["experimental=b", "control=a"]).apply(flag)
    assert (flag.off_variant, flag.fallthrough.variant) == ("control", "experimental")


def test_new_string_flag_needs_variants() -> None:
    """There is no variant that would suit every string flag."""
    with pytest.raises(Refusal, match="--variant"):
        Edit().apply(new_flag(flag_pb2.FLAG_TYPE_STRING))


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (flag_pb2.FLAG_TYPE_BOOL, "x=true", True),
        (flag_pb2.FLAG_TYPE_STRING, "x=1", "1"),
        (flag_pb2.FLAG_TYPE_STRING, "x=a=b", "a=b"),
        (flag_pb2.FLAG_TYPE_INTEGER, "x=9007199254740993", 9007199254740993),
        (flag_pb2.FLAG_TYPE_DOUBLE, "x=3", 3.0),
        (flag_pb2.FLAG_TYPE_JSON, 'x={"a": [1, null]}', {"a": [1, None]}),
    ],
)
def test_variants_have_the_flags_type(type_: flag_pb2.FlagType.ValueType, text: str, value: object) -> None:
    """The text becomes a value of the type, integers exact and whole doubles doubles."""
    flag = new_flag(type_)
    edits.set_variants(flag, [text])
    found = value_from_proto(flag.variants[0].value)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        (flag_pb2.FLAG_TYPE_BOOL, "x=1", "true or false"),
        (flag_pb2.FLAG_TYPE_BOOL, "x=yes", "true or false"),
        (flag_pb2.FLAG_TYPE_INTEGER, "x=1.5", "an integer"),
        (flag_pb2.FLAG_TYPE_INTEGER, "x=true", "an integer"),
        (flag_pb2.FLAG_TYPE_INTEGER, "x=99999999999999999999", "an integer"),
        (flag_pb2.FLAG_TYPE_DOUBLE, "x=a", "a number"),
        (flag_pb2.FLAG_TYPE_JSON, "x=1", "a JSON list or object"),
        (flag_pb2.FLAG_TYPE_STRING, "x", "NAME=VALUE"),
        (flag_pb2.FLAG_TYPE_STRING, "=x", "NAME=VALUE"),
    ],
)
def test_variants_of_another_type_are_wrong_usage(type_: flag_pb2.FlagType.ValueType, text: str, expected: str) -> None:
    """The message repeats what was typed and says what was expected."""
    with pytest.raises(Refusal) as refused:
        edits.set_variants(new_flag(type_), [text])
    assert refused.value.exit_code is ExitCode.USAGE
    assert text in refused.value.message
    assert expected in refused.value.message


def test_variant_that_exists_gets_another_value() -> None:
    """Its place and description stay."""
    flag = new_flag(flag_pb2.FLAG_TYPE_STRING)
    edits.set_variants(flag, ["a=1", "b=2"])
    flag.variants[0].description = "first"
    edits.set_variants(flag, ["a=3"])
    assert [(each.name, value_from_proto(each.value), each.description) for each in flag.variants] == [
        ("a", "3", "first"),
        ("b", "2", ""),
    ]


def test_rollout_gives_the_rest_to_the_off_variant() -> None:
    """`--rollout on=25` is a canary."""
    flag = stored_flag()
    edits.set_rollout(flag, ["on=25"])
    assert weights(flag) == [("on", 25_000), ("off", 75_000)]


def test_rollout_keeps_the_order_of_its_variants() -> None:
    """A ramp never moves a user who is in, which needs the same layout however the options are ordered."""
    flag = stored_flag()
    edits.set_rollout(flag, ["on=25"])
    edits.set_rollout(flag, ["off=50", "on=50"])
    assert weights(flag) == [("on", 50_000), ("off", 50_000)]


@pytest.mark.parametrize("texts", [["on=60", "off=30"], ["on=120"], ["on=60", "off=60"]])
def test_rollout_has_to_sum_to_all(texts: list[str]) -> None:
    """What is missing or too much is refused."""
    with pytest.raises(Refusal, match="--rollout"):
        edits.set_rollout(stored_flag(), texts)


@pytest.mark.parametrize("text", ["on=0.0001", "on=-1", "on=101", "on=nan", "on=Infinity", "on=x", "on=", "on"])
def test_percentages_are_exact(text: str) -> None:
    """Three decimals are what integer weights can hold; nothing is rounded in silence."""
    with pytest.raises(Refusal, match="--rollout"):
        edits.set_rollout(stored_flag(), [text])


def test_percentages_may_have_three_decimals() -> None:
    """A thousandth of a percent is one weight."""
    flag = stored_flag()
    edits.set_rollout(flag, ["on=0.001%"])
    assert weights(flag) == [("on", 1), ("off", 99_999)]


def test_coverage_turns_one_variant_into_a_split_of_one() -> None:
    """Coverage alone is "10 % get what everybody got"."""
    flag = stored_flag()
    edits.set_coverage(flag, "10")
    assert weights(flag) == [("on", 100_000)]
    assert flag.fallthrough.rollout.coverage == 10_000


def test_coverage_none_lets_everybody_take_part() -> None:
    """Zero would be nobody."""
    flag = stored_flag()
    edits.set_coverage(flag, "0")
    assert flag.fallthrough.rollout.HasField("coverage")
    edits.set_coverage(flag, "none")
    assert not flag.fallthrough.rollout.HasField("coverage")


def test_target_moves_between_variants() -> None:
    """A value has one variant an attribute; empty targets go away."""
    flag = stored_flag()
    edits.add_targets(flag, ["tenant_id=acme,beta:on", "targeting_key=acme:on"])
    edits.add_targets(flag, ["tenant_id=acme:off"])
    assert [(each.attribute, each.variant, list(each.values)) for each in flag.targets] == [
        ("tenant_id", "on", ["beta"]),
        ("targeting_key", "on", ["acme"]),
        ("tenant_id", "off", ["acme"]),
    ]
    edits.remove_targets(flag, ["tenant_id=acme,beta"])
    assert [each.attribute for each in flag.targets] == ["targeting_key"]


def test_target_value_may_contain_colons() -> None:
    """Only the last colon divides."""
    flag = stored_flag()
    edits.add_targets(flag, ["ip=2001:db8::1:on"])
    assert (flag.targets[0].variant, list(flag.targets[0].values)) == ("on", ["2001:db8::1"])


@pytest.mark.parametrize("text", ["acme:on", "tenant_id=acme", "tenant_id=:on", "tenant_id=acme:"])
def test_incomplete_target_is_wrong_usage(text: str) -> None:
    """Attribute, value and variant are all needed."""
    with pytest.raises(Refusal, match="--target"):
        edits.add_targets(stored_flag(), [text])


def test_prerequisite_is_replaced_and_lifted() -> None:
    """Each flag is needed once."""
    flag = stored_flag()
    edits.set_prerequisites(flag, ["checkout_flow=single"])
    edits.set_prerequisites(flag, ["checkout_flow=single,multi_step"])
    assert [(each.flag_key, list(each.variants)) for each in flag.prerequisites] == [
        ("checkout_flow", ["single", "multi_step"])
    ]
    edits.set_prerequisites(flag, ["checkout_flow="])
    assert not flag.prerequisites


def test_times_are_moments() -> None:
    """An offset counts, and none takes the time away."""
    flag = stored_flag()
    edits.set_times(flag, "2027-01-31T08:00:00-03:00", None)
    assert flag.starts_at.ToJsonString() == "2027-01-31T11:00:00Z"
    edits.set_times(flag, "none", None)
    assert not flag.HasField("starts_at")


def test_unreadable_time_is_wrong_usage() -> None:
    """The option is named."""
    with pytest.raises(Refusal, match="--ends-at amanhã"):
        edits.set_times(stored_flag(), None, "amanhã")


def test_tags_are_a_set_in_order() -> None:
    """Adding one twice changes nothing."""
    flag = stored_flag()
    edits.set_tags(flag, ["ui", "beta", "ui"], [])
    edits.set_tags(flag, ["vendas", "ui"], ["beta"])
    assert list(flag.tags) == ["ui", "vendas"]


def test_fallthrough_and_rollout_exclude_each_other() -> None:
    """One serves a variant to all, the other divides."""
    with pytest.raises(Refusal, match="--fallthrough"):
        Edit(fallthrough="on", rollout=["on=5"]).apply(stored_flag())


def test_edit_that_says_nothing_changes_nothing() -> None:
    """What no option names stays as it is."""
    flag = stored_flag()
    before = flag.SerializeToString()
    Edit().apply(flag)
    assert flag.SerializeToString() == before
