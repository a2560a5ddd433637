"""A whole document, from YAML."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.flags.v1 import flag_pb2

from services.flags.flags_yaml.fields import Fields, Problems
from services.flags.flags_yaml.flags import read_flag, read_segment
from services.flags.flags_yaml.nodes import InvalidYaml, read_nodes
from services.runtime.errors import InvalidRequest

MAX_BYTES: Final = 3 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Definitions:
    """Flags and segments by key, as somebody wants them to be."""

    flags: Mapping[str, flag_pb2.Flag]
    segments: Mapping[str, flag_pb2.Segment]


def read_definitions(text: str) -> Definitions:
    """
    Return what a document describes. Definitions may still fail validation, and refer to what does not exist.

    Raises:
        InvalidRequest: INVALID_REQUEST for a document that is too large, INVALID_YAML with line and column for one that
            is not YAML, INVALID_DEFINITION with paths such as "flags.nova_ui_vendas.rules[0].serve" for fields that
            are unknown, missing or of the wrong kind.
    """
    require_size(text)
    try:
        root = read_nodes(text)
    except InvalidYaml as error:
        raise InvalidRequest.of("yaml", str(error), reason=reasons.ERROR_REASON_INVALID_YAML) from None
    problems = Problems()
    fields = Fields(root, "", problems, ("flags", "segments"))
    flags = {key: read_flag(key, node, path, problems) for key, path, node in fields.entries("flags")}
    segments = {key: read_segment(key, node, path, problems) for key, path, node in fields.entries("segments")}
    if problems.found:
        raise InvalidRequest(problems.found, reason=reasons.ERROR_REASON_INVALID_DEFINITION)
    return Definitions(flags, segments)


def require_size(text: str) -> None:
    """Raise `InvalidRequest` for a document that is too large to be looked at."""
    if len(text) > MAX_BYTES or len(text.encode()) > MAX_BYTES:
        raise InvalidRequest.of("yaml", "may have 3 MiB at most")
