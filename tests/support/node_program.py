"""Programs in JavaScript that tests give orders to. Without Node and the packages of `npm ci` the tests fail."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.serving import PATIENCE_SECONDS

ROOT: Final = Path(__file__).parents[2]
_PROGRAMS: Final = Path(__file__).parent / "node"
_WHEEL: Final = ROOT / ".venv-node/bin/node"
# Browsers have both; Node from 22 on has the first without being asked.
_FLAGS: Final = ("--experimental-websocket", "--experimental-eventsource", "--no-warnings")


def node() -> str:
    """Return the path of Node; fail without one."""
    found = str(_WHEEL) if _WHEEL.exists() else shutil.which("node")
    assert found is not None, "these tests need Node: scripts/with_node.sh brings it"
    assert (ROOT / "node_modules/typescript").exists(), "these tests need the packages of the browser parts: run npm ci"
    return found


def build_web_client(folder: Path) -> Path:
    """Build `clients/web` into a folder, as `npm run build` does; return it."""
    compiler = ROOT / "node_modules/typescript/bin/tsc"
    project = ROOT / "clients/web/tsconfig.build.json"
    command = [node(), str(compiler), "--project", str(project), "--outDir", str(folder), "--declaration", "false"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return folder


class NodeProgram:
    """A running program of `tests/support/node`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, command: str, **arguments: Any) -> Any:
        """Give an order and return its answer; an error there is an AssertionError here."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": command} | arguments).encode() + b"\n")
        async with asyncio.timeout(PATIENCE_SECONDS):
            line = await self._process.stdout.readline()
        assert line, "the program has ended"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["value"]


@asynccontextmanager
async def node_program(name: str, *arguments: str) -> AsyncIterator[NodeProgram]:
    """Run a program until the block ends."""
    process = await asyncio.create_subprocess_exec(
        node(),
        *_FLAGS,
        str(_PROGRAMS / name),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=16 * 1024 * 1024,
    )
    try:
        yield NodeProgram(process)
    finally:
        process.kill()
        await process.wait()
