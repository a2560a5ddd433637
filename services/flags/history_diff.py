"""What differs between two versions of a definition, field by field, as the YAML writes it. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mirante.api.flags.v1 import flag_pb2

from services.flags.plain import plain_flag, plain_segment
from services.flags.store.records import Definition
from services.runtime.yaml_documents.layout import Plain

_MOST_CHANGES: Final = 200
_LONGEST_VALUE: Final = 1_000


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One difference; a side is empty when the field was not there."""

    path: str
    before: str
    after: str


def field_changes(
    before: Definition | None, after: Definition, *, was_archived: bool = False, archived: bool = False
) -> list[FieldChange]:
    """Return what differs, in the order of the fields; at most 200 differences, then how many more there are."""
    old: dict[str, Plain] = {} if before is None else _plain(before)
    new = _plain(after)
    if was_archived:
        old["archived"] = True
    if archived:
        new["archived"] = True
    found = list(_of_maps("", old, new))
    if len(found) > _MOST_CHANGES:
        more = len(found) - _MOST_CHANGES
        found[_MOST_CHANGES:] = [FieldChange("...", "", f"{more} more")]
    return found


def _plain(definition: Definition) -> dict[str, Plain]:
    if not isinstance(definition, flag_pb2.Flag):
        return plain_segment(definition)
    plain = plain_flag(definition)
    if definition.HasField("kill"):
        plain["kill"] = {"by": definition.kill.by, "reason": definition.kill.reason}
    return plain


def _differences(path: str, old: Plain, new: Plain) -> Iterator[FieldChange]:
    if old == new and type(old) is type(new):
        return
    if old in ({}, []) or new in ({}, []):
        yield FieldChange(path, _text(old), _text(new))
    elif isinstance(old, dict | None) and isinstance(new, dict | None):
        yield from _of_maps(f"{path}.", old or {}, new or {})
    elif isinstance(old, list | None) and isinstance(new, list | None):
        yield from _of_lists(path, old or [], new or [])
    else:
        yield FieldChange(path, _text(old), _text(new))


def _of_maps(prefix: str, old: Mapping[str, Plain], new: Mapping[str, Plain]) -> Iterator[FieldChange]:
    for name in [*old, *[name for name in new if name not in old]]:
        yield from _differences(f"{prefix}{name}", old.get(name), new.get(name))


def _of_lists(path: str, old: Sequence[Plain], new: Sequence[Plain]) -> Iterator[FieldChange]:
    """Compare by what the elements are called, so that one that moves or goes leaves the others out of it."""
    olds, news = _named(old), _named(new)
    for name in [*olds, *[name for name in news if name not in olds]]:
        yield from _differences(f"{path}[{name}]", olds.get(name), news.get(name))
    if [name for name in olds if name in news] != [name for name in news if name in olds]:
        yield FieldChange(path, _text(list(olds)), _text(list(news)))


def _named(elements: Sequence[Plain]) -> dict[str, Plain]:
    named: dict[str, Plain] = {}
    for position, element in enumerate(elements):
        name = _name(element, position)
        named[name if name not in named else f"{name}#{position}"] = element
    return named


def _name(element: Plain, position: int) -> str:
    if isinstance(element, dict):
        for field in ("id", "flag_key"):
            if field in element:
                return str(element[field])
        if "values" in element and "variant" in element:
            return f"{element.get('attribute', '')} {element['variant']}"
        if "values" in element and "operator" not in element:
            return str(element.get("attribute", ""))
        return str(position)
    return str(position) if isinstance(element, list) else _text(element)


def _text(value: Plain) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
