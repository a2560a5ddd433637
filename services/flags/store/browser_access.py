"""The seam through which the browser access of environments is kept."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredBrowserAccess:
    """
    The browser access of one environment.

    `access` is a serialised `BrowserAccess` with origins and token keys alone. At version 0 nothing was ever set, and
    `updated_at` is None.
    """

    environment: str
    access: bytes = b""
    version: int = 0
    updated_at: datetime.datetime | None = None
    updated_by: str = ""


class BrowserAccessStore(Protocol):
    """
    Browser access, by environment.

    Both raise `Unavailable` when the database does not answer, and work again by themselves afterwards.
    """

    async def browser_access(self, environment: str) -> StoredBrowserAccess:
        """
        Return that of one environment.

        Raises:
            NotFound: no such environment.
        """

    async def all_browser_access(self) -> Sequence[StoredBrowserAccess]:
        """Return that of every environment that has one, by environment."""

    async def set_browser_access(
        self, environment: str, access: bytes, *, actor: str, expected_version: int | None
    ) -> StoredBrowserAccess:
        """
        Replace that of one environment. `api_keys_version` grows.

        Args:
            environment: its key.
            access: see `StoredBrowserAccess`.
            actor: who does it.
            expected_version: None for whatever is stored.

        Raises:
            NotFound: no such environment.
            EtagMismatch: another version than the expected one is stored.
        """
