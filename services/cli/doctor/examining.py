"""All checks, one after the other. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from services.cli.doctor import ground_checks as ground
from services.cli.doctor import service_checks as services
from services.cli.doctor.findings import Finding, State
from services.cli.doctor.observations import Deployment

Check: TypeAlias = Callable[[Deployment], Iterator[Finding]]

CHECKS: Final[Sequence[Check]] = (
    services.check_reachable,
    services.check_gateway,
    services.check_told,
    services.check_versions,
    services.check_clocks,
    ground.check_postgres,
    ground.check_migrations,
    ground.check_redis,
    ground.check_folders,
    services.check_revisions,
    services.check_cursors,
    services.check_leader,
    services.check_deliveries,
    services.check_certificates,
    ground.check_keys,
    ground.check_people,
    ground.check_demo,
)


def examine(seen: Deployment) -> Sequence[Finding]:
    """Return everything that is found."""
    return [finding for check in CHECKS for finding in check(seen)]


def worst(findings: Sequence[Finding]) -> State:
    """Return how it is as a whole."""
    return max((each.state for each in findings), key=list(State).index, default=State.OK)
