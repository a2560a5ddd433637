"""
What a flag and a segment are, as the evaluation core sees them, and what an evaluation answers.

Plain immutable data. `mirante.wire` converts them from and to the messages of `protos/mirante/api/flags/v1/flag.proto`,
whose comments say what each field means; names are the same.
"""

import datetime
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

TOTAL_WEIGHT: Final = 100_000
"""Buckets, and the sum of the weights of a split."""

TARGETING_KEY: Final = "targeting_key"
"""The attribute that rollouts hash unless they name another one."""

type_AttributeScalar = None | bool | int | float | str | datetime.datetime
AttributeValue = type_AttributeScalar | Sequence["AttributeValue"] | Mapping[str, "AttributeValue"]
Context = Mapping[str, AttributeValue]
"""Attributes by name; the targeting key is the one called "targeting_key". Never changed by an evaluation."""

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
