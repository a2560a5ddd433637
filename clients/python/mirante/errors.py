"""
What the client raises. Evaluations raise nothing; these come from settings, transfers and files.

MiranteError
├── InvalidSettings        also a ValueError: the client cannot be built like this
├── NotSupported           this mode of the client has no such thing
├── TransferRefused        a transfer does not fit what the replica holds
│   └── DigestMismatch     what it brought does not add up
└── SnapshotDamaged        a file of last known rules cannot be used
"""


class MiranteError(Exception):
    """Base of all errors of this library."""


class InvalidSettings(MiranteError, ValueError):
    """The message names the setting and what is wrong with it."""


class NotSupported(MiranteError):
    """The mode in which the client runs cannot do this."""


class TransferRefused(MiranteError):
    """
    Nothing of the transfer was applied.

    `from_nothing` says whether to subscribe again without a resume token, or with the one already held.
    """

    def __init__(self, message: str, *, from_nothing: bool = True) -> None:
        super().__init__(message)
        self.from_nothing = from_nothing


class DigestMismatch(TransferRefused):
    """The definitions held afterwards would not be those of the service."""


class SnapshotDamaged(MiranteError):
    """The bytes are no snapshot, are not whole, or belong to another service or environment."""
