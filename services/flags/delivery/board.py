"""Where replicas post how far their subscribers are, for one another to read."""

from collections.abc import Mapping
from typing import Final, Protocol

POSTED_FOR_SECONDS: Final = 6.0
"""How long a post stays unless it is renewed: after that the replica counts as gone."""


class Board(Protocol):
    """A place for short texts. Whatever is lost is posted again."""

    async def post(self, replica: str, texts: Mapping[str, str]) -> None:
        """
        Put up a text for each environment, in place of the replica's last, for `POSTED_FOR_SECONDS`.

        Raises:
            Unavailable: the board does not answer.
        """

    async def read(self, environment: str) -> Mapping[str, str]:
        """
        Return what replicas have posted for an environment.

        Raises:
            Unavailable: the board does not answer.
        """
