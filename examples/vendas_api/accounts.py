"""Who may log in, in memory. A person comes to a first password the way one comes to a forgotten one."""

import hashlib
import secrets
import threading
from dataclasses import dataclass


@dataclass(slots=True)
class _Account:
    salt: bytes
    password: bytes
    logged_in: bool = False


class Accounts:
    """Passwords of all tenants' users, of one process."""

    def __init__(self) -> None:
        self._accounts: dict[tuple[str, str], _Account] = {}
        self._resets: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()

    def request_reset(self, tenant: str, user: str) -> str:
        """Return a code that is good for setting one password. A real backend mails it."""
        code = secrets.token_urlsafe(16)
        with self._lock:
            self._resets[code] = (tenant, user)
        return code

    def reset(self, code: str, password: str) -> str | None:
        """Set a password; return whose, or None when the code is good for nothing."""
        salt = secrets.token_bytes(16)
        hashed = _hashed(password, salt)
        with self._lock:
            owner = self._resets.pop(code, None)
            if owner is None:
                return None
            known = self._accounts.get(owner)
            self._accounts[owner] = _Account(salt, hashed, known is not None and known.logged_in)
            return owner[1]

    def log_in(self, tenant: str, user: str, password: str) -> "bool | None":
        """Return None when the password is wrong; otherwise whether this is the person's first time."""
        account = self._accounts.get((tenant, user))
        if account is None or not secrets.compare_digest(account.password, _hashed(password, account.salt)):
            return None
        with self._lock:
            first, account.logged_in = not account.logged_in, True
            return first


def _hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << 13, r=8, p=1)
