"""The file in the home folder that holds the demo environment's keys by role."""

import json
from pathlib import Path
from typing import Final

from services.runtime.access import Role

KEYS_FILE: Final = "keys.json"


def key_of(home: Path, role: Role) -> str | None:
    """Return the secret of a role's key; None when there is no such file, or no such key in it."""
    try:
        return str(json.loads((home / KEYS_FILE).read_text(encoding="utf-8"))[role.value])
    except (OSError, ValueError, KeyError, TypeError):
        return None
