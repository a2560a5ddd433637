"""What the supervisor has to know about a kind of server: an `Engine` is data, and one supervisor runs any of them."""

import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
"""The one address that embedded servers listen on."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server answers, and the secret it asks for."""

    port: int
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Installation:
    """
    A folder with a server's binaries.

    `parts` are the folders, relative to `root`, that must be copied together for the binaries to work elsewhere.
    It is empty for a server of the operating system, which cannot be copied and need not be.
    """

    label: str
    root: Path
    binaries: Path
    """The folder of the executables, relative to `root`."""
    parts: tuple[Path, ...] = ()

    def binary(self, name: str) -> Path:
        """Return the absolute path of the executable with this name."""
        return self.root / self.binaries / name


@dataclass(frozen=True, slots=True)
class Engine:
    """
    One kind of server.

    Commands get the path of the data folder as a string, *as the server's account sees it*; it is also their working
    folder.
    """

    name: str
    """Names the server in messages and its folder in the home."""
    installation: Installation
    executable: str
    """The server's file name, which is also the process name that the kernel shows."""

    command: Callable[[str, Endpoint], Sequence[str]]
    """Arguments of the server, run in the foreground. Never a secret: everybody can read them."""
    standard_input: Callable[[Endpoint], bytes]
    """What the server reads at start, at most 4 KiB; the way for secrets."""
    create_command: Callable[[str, str], Sequence[str]] | None
    """Arguments of `create_executable`, which fills an empty data folder.
    The second parameter is the path of a file with the password. None: the server does it by itself."""
    create_executable: str
    before_start: Callable[[Path, Endpoint], None]
    """Brings the data folder into a state in which the server starts. No process uses the folder."""
    answers: Callable[[Endpoint], Awaitable[bool]]
    """Whether a client with the password is served. False means wait; an exception means give up."""
    url: Callable[[Endpoint], str]
    """The URL for clients. It contains the password."""

    walks_to_its_data: bool
    """Whether it only works where its account can enter every parent of the data folder."""
    stop_signal: signal.Signals
    """Asks for an orderly stop that finishes what was acknowledged and refuses the rest."""
    stop_within_s: float = 30.0
    """How long an orderly stop may take before the server is killed. A killed server recovers at its next start."""
    ready_within_s: float = 300.0
    """How long a start may take; recovery after a crash replays the log and is much slower than a normal start."""
