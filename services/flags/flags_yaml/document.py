"""A whole document, from YAML."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.flags.v1 import flag_pb2

from services.flags.flags_yaml.flags import read_flag, read_segment
from services.runtime.errors import InvalidRequest
from services.runtime.yaml_documents.document import read_document
from services.runtime.yaml_documents.fields import Fields, Problems

MAX_MEBIBYTES: Final = 3
MAX_BYTES: Final = MAX_MEBIBYTES * 1024 * 1024


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
    root = read_document(text, MAX_MEBIBYTES)
    problems = Problems()
    fields = Fields(root, "", problems, ("flags", "segments"))
    flags = {key: read_flag(key, node, path, problems) for key, path, node in fields.entries("flags")}
    segments = {key: read_segment(key, node, path, problems) for key, path, node in fields.entries("segments")}
    if problems.found:
        raise InvalidRequest(problems.found, reason=reasons.ERROR_REASON_INVALID_DEFINITION)
    return Definitions(flags, segments)
