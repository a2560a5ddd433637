"""
Edits of one definition, as the options of `flags create` and `flags set` spell them.

Pure: each takes the message it changes and the option's texts, and raises `Refusal` (wrong usage) for texts that make
no sense. Whether the definition holds together is the service's to say.
"""

import datetime
from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.flags.v1 import flag_pb2
from mirante.wire import value_to_proto

from services.cli.assignments import WHOLE, names, split, variant_value, weight
from services.cli.refusals import usage

NOTHING = "none"
"""What takes a time or a coverage away."""


def set_variants(flag: flag_pb2.Flag, texts: Sequence[str]) -> None:
    """Add variants, or change the values of those that are there: `name=value`."""
    present = {variant.name: variant for variant in flag.variants}
    for text in texts:
        name, value = split("--variant", text)
        variant = present.get(name)
        if variant is None:
            variant = present[name] = flag.variants.add(name=name)
        variant.value.CopyFrom(variant_value(text, value, flag.type))


def complete_new(flag: flag_pb2.Flag) -> None:
    """Fill in what a new flag may leave out: true and false, the off variant, what is served otherwise."""
    is_bool = flag.type == flag_pb2.FLAG_TYPE_BOOL
    if is_bool and not flag.variants:
        for name, value in (("on", True), ("off", False)):
            flag.variants.add(name=name, value=value_to_proto(value))
    if not flag.variants:
        raise usage("name the variants: --variant NAME=VALUE, once for each")
    present = [variant.name for variant in flag.variants]
    if not flag.off_variant:
        flag.off_variant = next((name for name in ("off", "control") if name in present), present[0])
    if flag.fallthrough.WhichOneof("kind") is None:
        flag.fallthrough.variant = "on" if is_bool and "on" in present else present[0]


def set_rollout(flag: flag_pb2.Flag, texts: Sequence[str]) -> None:
    """
    Split the fallthrough: `on=25`, percentages. What is missing to 100 goes to the off variant, unless it is named.

    Variants that were split before keep their order, because the order decides who moves when weights change.
    """
    weights = dict([_share(text) for text in texts])
    rest = WHOLE - sum(weights.values())
    if rest > 0 and flag.off_variant not in weights:
        weights[flag.off_variant] = rest
        rest = 0
    if rest:
        raise usage(f"--rollout: the percentages sum to {(WHOLE - rest) / 1000:g}, not to 100")
    before = [each.variant for each in flag.fallthrough.rollout.splits if each.variant in weights]
    order = [*before, *[name for name in weights if name not in before]]
    rollout = _rollout(flag)
    del rollout.splits[:]
    rollout.splits.extend([flag_pb2.Split(variant=name, weight=weights[name]) for name in order])


def set_coverage(flag: flag_pb2.Flag, text: str) -> None:
    """Let only a percentage of contexts take part in the fallthrough; `none` lets everybody."""
    rollout = _rollout(flag)
    if text == NOTHING:
        rollout.ClearField("coverage")
    else:
        rollout.coverage = weight("--coverage", text)


def set_bucket_by(flag: flag_pb2.Flag, attribute: str) -> None:
    """Hash this attribute at the fallthrough."""
    _rollout(flag).bucket_by = attribute


def add_targets(flag: flag_pb2.Flag, texts: Sequence[str]) -> None:
    """Give single contexts a variant: `tenant_id=acme:on`; several values with commas."""
    for text in texts:
        attribute, rest = split("--target", text)
        listed, found, variant = rest.rpartition(":")
        if not found or not names(listed) or not variant:
            raise usage(f"--target {text}: expected ATTR=VALUE:VARIANT")
        _forget(flag, attribute, names(listed))
        same = [each for each in flag.targets if (each.attribute, each.variant) == (attribute, variant)]
        target = same[0] if same else flag.targets.add(attribute=attribute, variant=variant)
        target.values.extend(names(listed))


def remove_targets(flag: flag_pb2.Flag, texts: Sequence[str]) -> None:
    """Take single contexts out again: `tenant_id=acme`."""
    for text in texts:
        attribute, listed = split("--untarget", text)
        _forget(flag, attribute, names(listed))


def set_tags(flag: flag_pb2.Flag, add: Sequence[str], remove: Sequence[str]) -> None:
    """Add and remove tags."""
    kept = [tag for tag in dict.fromkeys([*flag.tags, *add]) if tag not in remove]
    del flag.tags[:]
    flag.tags.extend(kept)


def set_prerequisites(flag: flag_pb2.Flag, texts: Sequence[str]) -> None:
    """Need variants of other flags: `checkout_flow=multi_step`; `checkout_flow=` needs it no longer."""
    for text in texts:
        key, variants = split("--requires", text)
        kept = [needed for needed in flag.prerequisites if needed.flag_key != key]
        if names(variants):
            kept.append(flag_pb2.Prerequisite(flag_key=key, variants=names(variants)))
        del flag.prerequisites[:]
        flag.prerequisites.extend(kept)


def moment(option: str, text: str) -> Timestamp | None:
    """Return an RFC 3339 time, local time when it names no zone; None for `none`."""
    if text == NOTHING:
        return None
    try:
        parsed = datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise usage(f"{option} {text}: expected a time like 2027-01-31T08:00:00-03:00, or {NOTHING}") from None
    timestamp = Timestamp()
    timestamp.FromDatetime(parsed)
    return timestamp


def set_times(flag: flag_pb2.Flag, starts_at: str | None, ends_at: str | None) -> None:
    """Set or take away the times between which the flag is evaluated."""
    for option, text, name in (("--starts-at", starts_at, "starts_at"), ("--ends-at", ends_at, "ends_at")):
        if text is None:
            continue
        timestamp = moment(option, text)
        flag.ClearField("starts_at" if name == "starts_at" else "ends_at")
        if timestamp is not None:
            getattr(flag, name).CopyFrom(timestamp)


def _share(text: str) -> tuple[str, int]:
    name, share = split("--rollout", text)
    return name, weight("--rollout", share)


def _rollout(flag: flag_pb2.Flag) -> flag_pb2.Rollout:
    """Return the fallthrough's rollout; one variant becomes a split of one."""
    if flag.fallthrough.WhichOneof("kind") == "variant":
        variant = flag.fallthrough.variant
        flag.fallthrough.rollout.splits.add(variant=variant, weight=WHOLE)
    return flag.fallthrough.rollout


def _forget(flag: flag_pb2.Flag, attribute: str, values: Sequence[str]) -> None:
    kept = []
    for target in flag.targets:
        if target.attribute == attribute:
            left = [value for value in target.values if value not in values]
            del target.values[:]
            target.values.extend(left)
        if target.values:
            kept.append(target)
    remaining = [flag_pb2.Target.FromString(target.SerializeToString()) for target in kept]
    del flag.targets[:]
    flag.targets.extend(remaining)
