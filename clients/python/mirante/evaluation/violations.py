"""The error that carries what is wrong with a definition."""

from collections.abc import Sequence

from mirante.evaluation.model import Violation


class InvalidDefinition(ValueError):
    """A flag or segment does not hold together; `violations` names each place."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(f"{violation.field}: {violation.description}" for violation in violations))
        self.violations = tuple(violations)
