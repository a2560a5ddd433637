"""Flags that do not hold together, one fault each."""

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1.value_pb2 import Value
from mirante.api.flags.v1 import flag_pb2

from tests.support.flag_store import bool_flag


def needs(key: str, *variants: str) -> flag_pb2.Prerequisite:
    """Return the prerequisite that another flag serves one of the variants, "on" unless told otherwise."""
    return flag_pb2.Prerequisite(flag_key=key, variants=variants or ["on"])


def _condition(**parts: object) -> flag_pb2.Condition:
    condition = flag_pb2.Condition(attribute="plano", operator=flag_pb2.OPERATOR_IN, values=[Value(string_value="x")])
    condition.MergeFrom(flag_pb2.Condition(**parts))  # type: ignore[arg-type]  # the fields are the caller's
    return condition


def _rule(*conditions: flag_pb2.Condition, serve: flag_pb2.Serve | None = None, rule_id: str = "r") -> flag_pb2.Rule:
    return flag_pb2.Rule(id=rule_id, conditions=conditions, serve=serve or flag_pb2.Serve(variant="on"))


def _rollout(*shares: tuple[str, int], **parts: object) -> flag_pb2.Serve:
    splits = [flag_pb2.Split(variant=variant, weight=weight) for variant, weight in shares]
    rollout = flag_pb2.Rollout(splits=splits)
    rollout.MergeFrom(flag_pb2.Rollout(**parts))  # type: ignore[arg-type]  # the fields are the caller's
    return flag_pb2.Serve(rollout=rollout)


def _broken(change: Callable[[flag_pb2.Flag], object]) -> flag_pb2.Flag:
    flag = bool_flag("new")
    change(flag)
    return flag


@dataclass
class Bad:
    """A flag that must not be created, the place that is named, and a part of the explanation."""

    flag: flag_pb2.Flag
    field: str
    says: str = ""


BAD_DEFINITIONS = {
    "no type": Bad(_broken(lambda flag: flag.ClearField("type")), "flag.type", "required"),
    "a type of the future": Bad(_broken(lambda flag: setattr(flag, "type", 77)), "flag.type", "required"),
    "no variants": Bad(_broken(lambda flag: flag.ClearField("variants")), "flag.variants", "at least one"),
    "a variant twice": Bad(_broken(lambda flag: flag.variants.add(name="on")), "flag.variants[2].name", "twice"),
    "a value of another type": Bad(
        _broken(lambda flag: setattr(flag.variants[0].value, "string_value", "x")), "flag.variants[on].value", "boolean"
    ),
    "101 variants": Bad(
        bool_flag("new", variants=[flag_pb2.Variant(name=f"v{n}", value=Value(bool_value=True)) for n in range(99)]),
        "flag.variants",
        "100",
    ),
    "no off variant": Bad(_broken(lambda flag: flag.ClearField("off_variant")), "flag.off_variant", "variant"),
    "an unknown off variant": Bad(bool_flag("new", off_variant="x"), "flag.off_variant", "no variant 'x'"),
    "no fallthrough": Bad(_broken(lambda flag: flag.ClearField("fallthrough")), "flag.fallthrough", "required"),
    "an unknown variant": Bad(
        bool_flag("new", fallthrough=flag_pb2.Serve(variant="x")), "flag.fallthrough.variant", "no variant 'x'"
    ),
    "weights that do not sum": Bad(
        bool_flag("new", fallthrough=_rollout(("on", 60_000), ("off", 39_999))),
        "flag.fallthrough.rollout.splits",
        "99999",
    ),
    "a coverage above all": Bad(
        bool_flag("new", fallthrough=_rollout(("on", 100_000), coverage=100_001)), "flag.fallthrough.rollout.coverage"
    ),
    "an empty range": Bad(
        bool_flag("new", fallthrough=_rollout(("on", 100_000), range=flag_pb2.BucketRange(salt="x", start=5, end=5))),
        "flag.fallthrough.rollout.range",
    ),
    "a rule that serves nothing": Bad(
        bool_flag("new", rules=[flag_pb2.Rule(id="r", conditions=[_condition()])]), "flag.rules[0].serve", "required"
    ),
    "no operator": Bad(
        bool_flag("new", rules=[_rule(flag_pb2.Condition(attribute="x"))]),
        "flag.rules[0].conditions[0].operator",
        "required",
    ),
    "no attribute": Bad(
        bool_flag(
            "new",
            rules=[_rule(flag_pb2.Condition(operator=flag_pb2.OPERATOR_IN, values=[Value(string_value="x")]))],
        ),
        "flag.rules[0].conditions[0].attribute",
    ),
    "a bad pattern": Bad(
        bool_flag(
            "new",
            rules=[
                _rule(_condition()),
                _rule(
                    _condition(),
                    flag_pb2.Condition(
                        attribute="x", operator=flag_pb2.OPERATOR_MATCHES, values=[Value(string_value="(")]
                    ),
                    rule_id="s",
                ),
            ],
        ),
        "flag.rules[1].conditions[1].values",
    ),
    "a number that is none": Bad(
        bool_flag(
            "new",
            rules=[
                _rule(
                    flag_pb2.Condition(
                        attribute="x", operator=flag_pb2.OPERATOR_LESS, values=[Value(string_value="many")]
                    )
                )
            ],
        ),
        "flag.rules[0].conditions[0].values",
        "number",
    ),
    "a rule id twice": Bad(
        bool_flag("new", rules=[_rule(_condition()), _rule(_condition())]), "flag.rules[1].id", "twice"
    ),
    "201 rules": Bad(
        bool_flag("new", rules=[_rule(_condition(), rule_id=f"r{n}") for n in range(201)]), "flag.rules", "200"
    ),
    "21 conditions": Bad(bool_flag("new", rules=[_rule(*[_condition()] * 21)]), "flag.rules[0].conditions", "20"),
    "101 patterns": Bad(
        bool_flag(
            "new",
            rules=[
                _rule(
                    flag_pb2.Condition(
                        attribute="x", operator=flag_pb2.OPERATOR_MATCHES, values=[Value(string_value="a")] * 101
                    )
                )
            ],
        ),
        "flag.rules",
        "regular expressions",
    ),
    "10,001 targets": Bad(
        bool_flag(
            "new",
            targets=[flag_pb2.Target(attribute="tenant_id", variant="on", values=[str(n) for n in range(10_001)])],
        ),
        "flag.targets[0].values",
        "10000",
    ),
    "a target of two variants": Bad(
        bool_flag(
            "new",
            targets=[
                flag_pb2.Target(attribute="tenant_id", variant="on", values=["acme"]),
                flag_pb2.Target(attribute="tenant_id", variant="off", values=["acme"]),
            ],
        ),
        "flag.targets[1].values",
        "'acme'",
    ),
    "an end before the start": Bad(
        bool_flag("new", starts_at=Timestamp(seconds=2), ends_at=Timestamp(seconds=1)), "flag.ends_at"
    ),
    "a time before all times": Bad(
        bool_flag("new", starts_at=Timestamp(seconds=-100_000_000_000)), "flag.starts_at", "years"
    ),
    "an unknown prerequisite": Bad(
        bool_flag("new", prerequisites=[needs("nowhere")]), "flag.prerequisites[0].flag_key", "'nowhere'"
    ),
    "an unknown variant of a prerequisite": Bad(
        bool_flag("new", prerequisites=[needs("known", "maybe")]), "flag.prerequisites[0].variants", "'maybe'"
    ),
    "itself as a prerequisite": Bad(
        bool_flag("new", prerequisites=[needs("new")]), "flag.prerequisites[0].flag_key", "its own"
    ),
    "an unknown segment": Bad(
        bool_flag(
            "new",
            rules=[
                _rule(flag_pb2.Condition(operator=flag_pb2.OPERATOR_IN_SEGMENT, values=[Value(string_value="vip")]))
            ],
        ),
        "flag.rules[0].conditions[0].values",
        "'vip'",
    ),
    "a long description": Bad(bool_flag("new", description="x" * 2_001), "flag.description", "2000"),
    "a NUL in the description": Bad(bool_flag("new", description="a\0b"), "flag.description", "control"),
    "an escape in the owner": Bad(bool_flag("new", owner="\x1b[2J"), "flag.owner", "control"),
    "51 tags": Bad(bool_flag("new", tags=[str(n) for n in range(51)]), "flag.tags", "50"),
    "an empty tag": Bad(bool_flag("new", tags=["a", " "]), "flag.tags[1]", "empty"),
    "a definition of a megabyte": Bad(
        bool_flag(
            "new",
            targets=[flag_pb2.Target(attribute="tenant_id", variant="on", values=[f"{n:0200}" for n in range(5_000)])],
        ),
        "flag.key",
        "524288",
    ),
}
