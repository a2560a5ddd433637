"""Converts between the messages of `mirante.api` and the model of `mirante.evaluation`, for services and client."""

from mirante.wire.definitions import flag_from_proto, flag_type_from_proto, flag_type_to_proto, segment_from_proto
from mirante.wire.evaluations import evaluation_from_proto, evaluation_to_proto
from mirante.wire.values import context_from_proto, context_to_proto, value_from_proto, value_to_proto

__all__ = [
    "context_from_proto",
    "context_to_proto",
    "evaluation_from_proto",
    "evaluation_to_proto",
    "flag_from_proto",
    "flag_type_from_proto",
    "flag_type_to_proto",
    "segment_from_proto",
    "value_from_proto",
    "value_to_proto",
]
