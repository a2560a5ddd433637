"""A `FeatureFlag` resource, read: what somebody wants one flag to be. Pure."""

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mirante.evaluation.model import Violation

from services.controller.cluster.api import FIELD_MANAGER, Object

GROUP: Final = "flags.mirante.dev"
VERSION: Final = "v1alpha1"
PLURAL: Final = "featureflags"
FINALIZER: Final = f"{GROUP}/archive"
LIFT_ANNOTATION: Final = f"{GROUP}/lift-kill"

_OWN_FIELDS: Final = frozenset({"key", "environment", "killed", "kill_reason", "ownership"})
_VARIANT_PLACES: Final = ("serve", "fallthrough", "off_variant", "variant")


class Owner(enum.Enum):
    """Who decides a flag's definition."""

    GIT = "git"
    DASHBOARD = "dashboard"


class OnDrift(enum.Enum):
    """What becomes of a change that was made elsewhere to a flag that Git owns."""

    REVERT = "revert"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owns a flag, and what follows from it."""

    owner: Owner = Owner.GIT
    on_drift: OnDrift = OnDrift.REVERT
    archives: bool = False
    """Whether the flag is archived when the resource is deleted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What a resource says.

    `killed` is None where it says nothing. `definition` has the fields of the YAML of `mirante flags import`.
    `lifts` is the moment of a kill, made elsewhere, that a person wants to end. `problems` are wrong before anybody is
    asked. `changed_by` and `killed_by` are the field managers of the definition and of `killed`.
    """

    namespace: str
    name: str
    generation: int
    environment: str
    key: str
    killed: bool | None
    kill_reason: str
    ownership: Ownership
    definition: Mapping[str, Any]
    deleting: bool
    lifts: str
    changed_by: str
    killed_by: str
    problems: Sequence[Violation]

    @property
    def place(self) -> str:
        """How people call the resource."""
        return f"FeatureFlag {self.namespace}/{self.name}"


def wanted_of(document: Object) -> Wanted:
    """Return what a resource says; the API server has checked it against the schema."""
    metadata, spec = document["metadata"], document.get("spec") or {}
    ownership = spec.get("ownership") or {}
    managers = metadata.get("managedFields") or []
    return Wanted(
        namespace=metadata["namespace"],
        name=metadata["name"],
        generation=int(metadata.get("generation", 0)),
        environment=str(spec.get("environment", "")),
        key=key_of(document),
        killed=spec.get("killed"),
        kill_reason=str(spec.get("kill_reason", "")),
        ownership=Ownership(
            Owner(ownership.get("owner", "git")),
            OnDrift(ownership.get("on_drift", "revert")),
            ownership.get("on_delete") == "archive",
        ),
        definition={name: value for name, value in spec.items() if name not in _OWN_FIELDS},
        deleting="deletionTimestamp" in metadata,
        lifts=str((metadata.get("annotations") or {}).get(LIFT_ANNOTATION, "")),
        changed_by=_manager(managers, None),
        killed_by=_manager(managers, "f:killed"),
        problems=[*_bare_switches(spec, "spec")],
    )


def key_of(document: Object) -> str:
    """Return the key of the flag: the one that is stated, else the resource's name."""
    return str((document.get("spec") or {}).get("key") or document["metadata"]["name"])


def _manager(managers: Sequence[Mapping[str, Any]], field: str | None) -> str:
    """Return who last wrote the field of the spec, or any field of it when none is named."""
    writers = [
        (str(each.get("time", "")), str(each.get("manager", "")))
        for each in managers
        if each.get("manager") != FIELD_MANAGER and not each.get("subresource") and _wrote(each, field)
    ]
    return max(writers)[1] if writers else "kubectl"


def _wrote(manager: Mapping[str, Any], field: str | None) -> bool:
    of_spec = (manager.get("fieldsV1") or {}).get("f:spec")
    return isinstance(of_spec, Mapping) and (field is None or field in of_spec)


def _bare_switches(value: Any, path: str) -> Iterator[Violation]:
    """
    Yield where the name of a variant has become a boolean.

    `kubectl` reads YAML 1.1, in which a bare on or off is true or false, in values and in keys.
    """
    if isinstance(value, Mapping):
        for name, entry in value.items():
            if name in _VARIANT_PLACES and isinstance(entry, bool):
                word = "on" if entry else "off"
                yield Violation(f"{path}.{name}", f'is {str(entry).lower()}: put the name in quotes, "{word}"')
            elif name == "splits" and isinstance(entry, Mapping) and ({"true", "false"} & entry.keys()):
                yield Violation(f"{path}.{name}", 'names "true" or "false": put on and off in quotes')
            elif name not in ("variants", "values"):
                yield from _bare_switches(entry, f"{path}.{name}")
    elif isinstance(value, list):
        for position, entry in enumerate(value):
            yield from _bare_switches(entry, f"{path}[{position}]")
