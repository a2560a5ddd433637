"""Files with secrets in the home folder."""

import os
import secrets
from pathlib import Path


class PrivateFileError(Exception):
    """A file with secrets cannot be written."""


def write_private(path: Path, text: str) -> None:
    """
    Put a file in place whole, readable by its owner only from the first byte on.

    Raises:
        PrivateFileError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise PrivateFileError(f"{path} cannot be written: {error.strerror}") from error
