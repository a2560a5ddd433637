"""How the numbers of the contract are called in YAML: their names in lower case without prefix."""

from collections.abc import Mapping
from typing import Final

from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

POLICIES: Final[Mapping[str, pb2.Policy.ValueType]] = {"strict": pb2.POLICY_STRICT, "open": pb2.POLICY_OPEN}

TYPES: Final[Mapping[str, pb2.PropertyType.ValueType]] = {
    "string": pb2.PROPERTY_TYPE_STRING,
    "integer": pb2.PROPERTY_TYPE_INTEGER,
    "number": pb2.PROPERTY_TYPE_NUMBER,
    "bool": pb2.PROPERTY_TYPE_BOOL,
    "decimal": pb2.PROPERTY_TYPE_DECIMAL,
    "timestamp": pb2.PROPERTY_TYPE_TIMESTAMP,
    "list": pb2.PROPERTY_TYPE_LIST,
    "map": pb2.PROPERTY_TYPE_MAP,
}

PERSONAL_DATA: Final[Mapping[str, pb2.PersonalData.ValueType]] = {
    "keep": pb2.PERSONAL_DATA_KEEP,
    "hash": pb2.PERSONAL_DATA_HASH,
    "mask": pb2.PERSONAL_DATA_MASK,
    "drop": pb2.PERSONAL_DATA_DROP,
}

POLICY_NAMES: Final = {number: name for name, number in POLICIES.items()}
TYPE_NAMES: Final = {number: name for name, number in TYPES.items()}
PERSONAL_DATA_NAMES: Final = {number: name for name, number in PERSONAL_DATA.items()}
