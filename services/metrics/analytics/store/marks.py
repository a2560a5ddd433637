"""What any process tells the one that writes a store: files in its folder, which the writer looks for. Blocking."""

from pathlib import Path
from typing import Final

_REBUILD: Final = "rebuild"
_DAMAGED: Final = "damaged-"


class Marks:
    """The marks in the folder of one environment. All methods raise OSError when it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask_rebuild(self) -> None:
        """Ask for the store to be made anew from the log."""
        self._path.mkdir(parents=True, exist_ok=True)
        (self._path / _REBUILD).touch()

    def take_rebuild(self) -> bool:
        """Return whether that was asked for since this was called last."""
        return self._take(_REBUILD)

    def note_damage(self, build: str) -> None:
        """Say that a build could not be read."""
        (self._path / (_DAMAGED + build)).touch()

    def take_damage(self, build: str) -> bool:
        """Return whether that was said since this was called last."""
        return self._take(_DAMAGED + build)

    def _take(self, name: str) -> bool:
        try:
            (self._path / name).unlink()
        except FileNotFoundError:
            return False
        return True
