"""Slows down guessing of passwords, by login: where the guesses come from does not matter."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from services.runtime.errors import Overloaded

FREE_ATTEMPTS: Final = 5
LONGEST_WAIT: Final = 300.0
"""Seconds."""
FORGOTTEN_AFTER: Final = 3_600.0
"""Seconds without an attempt."""
MOST_LOGINS: Final = 10_000


@dataclass(slots=True)
class _Attempts:
    number: int
    last_at: float
    wait_until: float


class LoginAttempts:
    """
    Counts attempts that have not succeeded, in this process: several replicas grant as many times more.

    After 5, each doubles the time until the next one, from one second to five minutes. Logins are counted whether
    anybody has them or not. Of 10,000 logins the one that was tried least recently is forgotten first: making room so
    costs more checks of passwords than it wins guesses.
    """

    def __init__(self) -> None:
        self._by_login: OrderedDict[str, _Attempts] = OrderedDict()

    def begin(self, login: str, now: float) -> None:
        """
        Count an attempt, before it is checked: many at once gain nothing.

        Args:
            login: as it is stored.
            now: seconds since 1970.

        Raises:
            Overloaded: it has to wait; it was not counted.
        """
        attempts = self._by_login.get(login)
        # A clock that was set back forgets too, rather than to make anybody wait for it.
        if attempts is None or not 0 <= now - attempts.last_at <= FORGOTTEN_AFTER:
            attempts = self._by_login[login] = _Attempts(0, now, now)
        if now < attempts.wait_until:
            raise Overloaded("too many attempts with this login", retry_seconds=attempts.wait_until - now)
        attempts.number += 1
        attempts.last_at = now
        if attempts.number >= FREE_ATTEMPTS:
            # The exponent is bounded too: a login may be tried for years.
            attempts.wait_until = now + min(2.0 ** min(attempts.number - FREE_ATTEMPTS, 30), LONGEST_WAIT)
        self._by_login.move_to_end(login)
        if len(self._by_login) > MOST_LOGINS:
            self._by_login.popitem(last=False)

    def succeeded(self, login: str) -> None:
        """Forget the attempts with a login."""
        self._by_login.pop(login, None)
