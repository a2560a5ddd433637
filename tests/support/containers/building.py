"""
Executes a Containerfile where no builder runs.

Each stage has a folder that stands for its root. COPY copies into it, and RUN runs inside it: in a mount namespace of
its own, which sees of this machine the interpreter, the system's programs and libraries, and nothing else. An image
starts the same way, with its root read-only.
"""

import fnmatch
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from tests.support.containers.containerfile import Instruction, Stage, configuration

_SYSTEM = ("usr",)
_CONFIGURATION = (
    "ca-certificates", "group", "hosts", "ld.so.cache", "localtime", "nsswitch.conf", "passwd", "pip.conf",
    "resolv.conf", "ssl",
)  # fmt: skip
"""Of the machine's /etc: how it finds names, libraries, time and whom to trust."""

_LINKS = ("bin", "lib", "lib64", "sbin")
_INTERPRETER = "/.interpreter"
_PASSED_ON = (
    "PIP_INDEX_URL",
    "PIP_CERT",
    "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)


class Builder:
    """Builds stages below a folder, each once. Needs the right to make mount namespaces: see `possible`."""

    def __init__(self, stages: Mapping[str, Stage], context: Path, folder: Path) -> None:
        self._stages = stages
        self._context = context
        self._folder = folder
        self._ignored = _patterns(context / ".containerignore")

    def build(self, name: str) -> Path:
        """Return the root of a stage; builds it, and what it is made from, when it was not built before."""
        root = self._folder / name
        if root.exists():
            return root
        stage = self._stages[name]
        if stage.parent in self._stages:
            shutil.copytree(self.build(stage.parent), root, symlinks=True)
        else:
            _make_base(root)
        for instruction in stage.instructions:
            self._execute(name, root, instruction)
        return root

    def _execute(self, name: str, root: Path, instruction: Instruction) -> None:
        folder = self._working_folder(name, root)
        if instruction.name == "WORKDIR":
            (root / instruction.text.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif instruction.name == "COPY":
            self._copy(root, folder, instruction.words)
        elif instruction.name == "RUN":
            told = {key: value for key, value in self._environment(name).items() if key not in {"PIP_NO_CACHE_DIR"}}
            script = f"cd {folder} && {instruction.text}"
            run = subprocess.run(
                inside(root, ["/bin/sh", "-ec", script], told), capture_output=True, text=True, check=False
            )
            if run.returncode:
                raise AssertionError(f"{name}: RUN {instruction.text}\n{run.stdout[-2000:]}{run.stderr[-4000:]}")

    def _copy(self, root: Path, folder: str, words: Sequence[str]) -> None:
        source = self._context
        if words[0].startswith("--from="):
            source = self.build(words[0].removeprefix("--from="))
            words = words[1:]
        *copied, target = words
        into = root / os.path.join(folder, target).lstrip("/")  # noqa: PTH118 - an absolute target replaces the folder
        for each in copied:
            origin = source / each.lstrip("/")
            kept = self._ignore if source == self._context else None
            if origin.is_dir():
                shutil.copytree(origin, into, symlinks=True, ignore=kept, dirs_exist_ok=True)
            else:
                self._check_sent(each, source)
                place = into / origin.name if target.endswith("/") else into
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, place)

    def _check_sent(self, name: str, source: Path) -> None:
        """Files that `.containerignore` keeps away from a builder are not there."""
        if source == self._context and not any(fnmatch.fnmatch(name, each) for each in self._ignored[0]):
            assert any(name.startswith(f"{each}/") for each in self._ignored[0]), f"{name} is ignored"

    def _ignore(self, _folder: str, names: list[str]) -> set[str]:
        return {name for name in names if any(fnmatch.fnmatch(name, each) for each in self._ignored[1])}

    def _environment(self, name: str) -> dict[str, str]:
        return environment_of(self._stages, name)

    def _working_folder(self, name: str, root: Path) -> str:
        """Return the last WORKDIR that was reached: its folder is there."""
        told = configuration(self._stages, name).get("WORKDIR", "/")
        return told if (root / told.lstrip("/")).is_dir() else "/"


def environment_of(stages: Mapping[str, Stage], name: str) -> dict[str, str]:
    """Return the variables of an image, and where this machine's interpreter is."""
    told = configuration(stages, name)
    found = {key.removeprefix("ENV "): value for key, value in told.items() if key.startswith("ENV ")}
    path = found.get("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    first, _, rest = path.partition(":")
    # The environment of an image comes before the interpreter of its base, as there.
    found["PATH"] = f"{first}:{_INTERPRETER}:{rest}" if first.startswith("/opt/") else f"{_INTERPRETER}:{path}"
    return found


def inside(
    root: Path,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    user: str | None = None,
    folder: str = "/",
    writable: Sequence[str] | None = None,
    shared: Mapping[str, Path] = MappingProxyType({}),
) -> list[str]:
    """
    Return the command that runs another one inside a root.

    Args:
        root: a folder that `Builder` made.
        command: what to run there.
        environment: its variables; no others, but for where packages are fetched from.
        user: "uid:gid"; None for the builder's, root.
        folder: where it runs.
        writable: None while building; else the root is read-only, and these are empty folders, as `emptyDir`s are.
        shared: folders and files of this machine by where they are seen, read-only: as mounted Secrets.
    """
    mounts = [f"mount --rbind /{each} {root}/{each} && mount -o remount,bind,ro {root}/{each}" for each in _SYSTEM]
    mounts += [f"mount --rbind /{each} {root}/{each}" for each in ("dev", "proc")]
    base = sys.base_prefix
    if not base.startswith("/usr/") and base != "/usr":
        mounts.append(f"mount --rbind {base} {root}{base}")
    mounts += [f"mount --bind {cache} {root}/root/.cache" for cache in _caches() if writable is None]
    for each in writable or ():
        mounts.append(f"mount -t tmpfs -o mode=1777 none {root}{each}")
    for seen, origin in shared.items():
        place = f"{root}{seen}"
        mounts.append(f"mkdir -p {place}" if origin.is_dir() else f"mkdir -p $(dirname {place}) && touch {place}")
        mounts.append(f"mount --bind {origin} {place} && mount -o remount,bind,ro {place}")
    if writable is not None:
        mounts.insert(0, f"mount --bind {root} {root}")
        mounts.append(f"mount -o remount,bind,ro {root}")
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    variables = [f"{key}={value}" for key, value in {**passed, **environment}.items()]
    become: list[str] = []
    if user is not None:
        uid, _, gid = user.partition(":")
        become = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs"]
    start = [*become, "/usr/bin/env", "-i", *variables, *command]
    inner = f"cd {shlex.quote(folder)} && exec {shlex.join(start)}"
    script = " && ".join([*mounts, f"exec chroot {root} /bin/sh -c {shlex.quote(inner)}"])
    return ["unshare", "--mount", "/bin/sh", "-ec", script]


def possible() -> bool:
    """Whether this machine lets us make mount namespaces and become other users."""
    if os.geteuid() != 0 or not all(shutil.which(each) for each in ("unshare", "setpriv", "chroot")):
        return False
    tried = ["unshare", "--mount", "/bin/sh", "-c", "mount -t tmpfs none /mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def _make_base(root: Path) -> None:
    """Make a root as that of a base image: this machine's interpreter, programs and libraries."""
    for each in (*_SYSTEM, "dev", "proc", "tmp", "root/.cache", "var/lib", "opt", _INTERPRETER.lstrip("/")):
        (root / each).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc").mkdir()
    for each in _CONFIGURATION:
        origin = Path("/etc") / each
        if origin.is_dir():
            shutil.copytree(origin, root / "etc" / each, symlinks=True, ignore=shutil.ignore_patterns("private"))
        elif origin.exists():
            shutil.copy2(origin, root / "etc" / each)
    for each in _LINKS:
        (root / each).symlink_to(f"usr/{each}" if Path(f"/{each}").is_symlink() else f"/{each}")
    base = Path(sys.base_prefix)
    (root / str(base).lstrip("/")).mkdir(parents=True, exist_ok=True)
    for name in ("python", "python3"):
        (root / _INTERPRETER.lstrip("/") / name).symlink_to(
            base / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
        )


def _caches() -> list[Path]:
    cache = Path.home() / ".cache"
    return [cache] if cache.is_dir() else []


def _patterns(path: Path) -> tuple[list[str], list[str]]:
    """Return what an ignore file lets through, and what it keeps out wherever it is."""
    lines = [line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    assert lines[0] == "*", "everything stays out that is not named"
    return (
        [line[1:] for line in lines if line.startswith("!")],
        [line.removeprefix("**/") for line in lines if line.startswith("**/")],
    )
