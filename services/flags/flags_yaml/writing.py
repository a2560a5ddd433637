"""Flags and segments, as YAML that reads back as the same definitions."""

from collections.abc import Iterable, Iterator

from mirante.api.flags.v1 import flag_pb2

from services.flags.plain import plain_flag, plain_segment
from services.runtime.yaml_documents.layout import Plain, block
from services.runtime.yaml_documents.scalars import written

_BOOLEAN_VARIANTS = [("on", True), ("off", False)]


def write_definitions(flags: Iterable[flag_pb2.Flag], segments: Iterable[flag_pb2.Segment]) -> str:
    """Return the document of these definitions, in the order given."""
    return "\n".join([*_section("flags", _flags(flags)), *_section("segments", _segments(segments)), ""])


def _section(name: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return [f"{name}:", *found] if found else [f"{name}: {{}}"]


def _flags(flags: Iterable[flag_pb2.Flag]) -> Iterator[str]:
    for flag in flags:
        if flag.HasField("kill"):
            kill = flag.kill
            yield f"  # killed by {written(kill.by)} at {kill.at.ToJsonString()}: {written(kill.reason)}"
        yield from block({flag.key: _short(flag)}, 2)


def _segments(segments: Iterable[flag_pb2.Segment]) -> Iterator[str]:
    for segment in segments:
        yield from block({segment.key: plain_segment(segment)}, 2)


def _short(flag: flag_pb2.Flag) -> dict[str, Plain]:
    """Return the flag without what goes without saying, and with the salts that keep everybody where they are."""
    plain = plain_flag(flag)
    variants = plain.get("variants")
    if isinstance(variants, dict) and list(variants.items()) == _BOOLEAN_VARIANTS:
        del plain["type"], plain["variants"]
        if plain["off_variant"] == "off":
            del plain["off_variant"]
    salts: dict[str, Plain] = {"salt": flag.bucketing.salt, "coverage_salt": flag.bucketing.coverage_salt}
    if flag.bucketing.hash_version != 1:
        salts["hash_version"] = flag.bucketing.hash_version
    return {**plain, "bucketing": salts}
