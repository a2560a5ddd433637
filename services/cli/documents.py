"""Files that commands read and write."""

import sys
from pathlib import Path

from services.cli.refusals import usage


def read_document(file: Path) -> str:
    """Return the text of a file, of stdin for "-"; raise Refusal (wrong usage) when it cannot be read."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as error:
        raise usage(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise usage(f"{file} is not UTF-8: byte {error.start} is out of place") from None


def write_document(file: Path, text: str) -> None:
    """Write a file; raise Refusal (wrong usage) when it cannot be written."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise usage(f"cannot write {file}: {error.strerror}") from None
