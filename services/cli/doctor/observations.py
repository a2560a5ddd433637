"""What was seen of a deployment; checks judge nothing else."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mirante.api.common.v1.diagnostics_service_pb2 import GetDiagnosticsResponse
from mirante.api.flags.v1.access_admin_service_pb2 import ApiKey
from mirante.api.flags.v1.people_service_pb2 import Person


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate that was shown, or why none could be read."""

    expires_at: datetime.datetime | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Replica:
    """
    One process of a service.

    `health` is SERVING, NOT_SERVING, or empty when it did not answer; `diagnostics` is None when it would not tell, and
    `error` then says why. `at` is our time in the middle of the call. `certificate` is None without TLS.
    """

    service: str
    address: str
    health: str = ""
    error: str = ""
    diagnostics: GetDiagnosticsResponse | None = None
    at: datetime.datetime | None = None
    certificate: Certificate | None = None

    def figures(self, name: str) -> Mapping[str, float]:
        """Return the values of a figure, by what they are of."""
        return {
            each.of: each.value for each in (self.diagnostics.figures if self.diagnostics else ()) if each.name == name
        }


@dataclass(frozen=True, slots=True)
class Gateway:
    """What the gateway said of its readiness; `status` is 0 when it did not answer."""

    url: str
    status: int = 0
    lacking: Sequence[str] = ()
    error: str = ""
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """Keys, environments and people; None where our own key may not read them."""

    keys: Sequence[ApiKey] | None = None
    environments: Sequence[str] | None = None
    people: Sequence[Person] | None = None
    known_secret_opens: bool = False
    """Whether a secret that stands in the manifests for development is accepted."""
    first_password_opens: bool | None = None
    """Whether the password that the first start made still opens; None when it is not at hand."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything that was seen."""

    now: datetime.datetime
    version: str
    replicas: Sequence[Replica]
    gateway: Gateway
    access: Access = field(default_factory=Access)
