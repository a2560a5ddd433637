"""Names of schemas: a message's own, unless another one has it."""

from collections.abc import Iterable
from typing import Any

Described = Any
"""A descriptor of a message or an enum."""


class Names:
    """Gives each message and enum a name of its own; `taken` are those that mean something else."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._given: dict[str, str] = dict.fromkeys(taken, "")

    def of(self, described: Described) -> str:
        """
        Return the name of a message or an enum, the same each time.

        Where two have the same, the one that is asked for later is named with the area of its package.

        Raises:
            ValueError: that is taken too.
        """
        own = described.full_name.removeprefix(f"{described.file.package}.").replace(".", "")
        area = described.file.package.split(".")[-2].capitalize()
        for name in (own, f"{area}{own}"):
            if self._given.setdefault(name, described.full_name) == described.full_name:
                return str(name)
        raise ValueError(f"{described.full_name}: {own} and {area}{own} are names of other schemas")
