"""Runs a built image as a platform would: as its own user, its root read-only."""

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from tests.support.containers.building import Builder, environment_of, inside
from tests.support.containers.containerfile import Stage, configuration

WRITABLE = ("/tmp", "/var/lib/mirante")  # noqa: S108 - inside the image
_END_SECONDS = 60.0


class Image:
    """A target that was built."""

    def __init__(self, builder: Builder, stages: Mapping[str, Stage], name: str) -> None:
        self.name = name
        self.root = builder.build(name)
        self.told = configuration(stages, name)
        self._environment = environment_of(stages, name)

    def command(
        self, words: list[str], environment: Mapping[str, str], shared: Mapping[str, Path] = MappingProxyType({})
    ) -> list[str]:
        """Return the command of this machine that runs words in the image."""
        return inside(
            self.root,
            words,
            {**self._environment, **environment},
            user=self.told["USER"],
            folder=self.told["WORKDIR"],
            writable=WRITABLE,
            shared=shared,
        )

    def run(self, words: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run words in the image until they end."""
        command = self.command(words, environment)
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    @property
    def entrypoint(self) -> list[str]:
        """What it runs."""
        return [str(word) for word in json.loads(self.told["ENTRYPOINT"])]

    def health_command(self, port: int) -> list[str]:
        """Return its health command, for a service that listens on another port."""
        words = [str(word) for word in json.loads(self.told["HEALTHCHECK"].removeprefix("CMD "))]
        return [word.replace(self.told["EXPOSE"], str(port)) for word in words]

    @contextmanager
    def running(
        self, log: Path, environment: Mapping[str, str], shared: Mapping[str, Path] = MappingProxyType({})
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run its entry point for the time of the block, and end it by SIGTERM; it has to end well."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                self.command(self.entrypoint, environment, shared), stdout=output, stderr=subprocess.STDOUT
            )
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(_END_SECONDS) == 0, log.read_text()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
