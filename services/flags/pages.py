"""Where pages of flags and of versions begin."""

from services.flags.texts import is_key
from services.runtime.pages import decoded, wrong_token


def last_key(token: str) -> str:
    """Return the key after which a page begins, "" for the first page; raise `InvalidRequest` for a wrong token."""
    if not token:
        return ""
    key = decoded(token)
    if not is_key(key):
        raise wrong_token()
    return key


def last_version(token: str) -> int | None:
    """Return the version before which a page begins, None for the first; raise `InvalidRequest` for a wrong token."""
    if not token:
        return None
    text = decoded(token)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise wrong_token()
    return int(text)
