"""Reads a Containerfile: its stages, and the instructions of each. Knows what ours uses, and refuses the rest."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_KNOWN = {
    "ARG",
    "COPY",
    "CMD",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "HEALTHCHECK",
    "LABEL",
    "RUN",
    "STOPSIGNAL",
    "USER",
    "WORKDIR",
}


@dataclass(frozen=True)
class Instruction:
    """One instruction: its name, and what follows in one line."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """What follows, as words; a JSON list where the instruction has one."""
        return [str(word) for word in json.loads(self.text)] if self.text.startswith("[") else shlex.split(self.text)


@dataclass
class Stage:
    """What follows one FROM. `parent` is another stage, or an image with a tag."""

    name: str
    parent: str
    instructions: list[Instruction] = field(default_factory=list)


def read_containerfile(path: Path) -> dict[str, Stage]:
    """
    Return the stages by name, in order.

    Raises:
        ValueError: an instruction that is not known here.
    """
    stages: dict[str, Stage] = {}
    arguments: dict[str, str] = {}
    stage: Stage | None = None
    for line in _lines(path.read_text()):
        name, _, text = line.partition(" ")
        text = text.strip()
        if name == "ARG":
            key, _, default = text.partition("=")
            arguments[key] = default
        elif name == "FROM":
            image, _, called = _filled(text, arguments).partition(" AS ")
            stage = stages[called] = Stage(called, image)
        elif name in _KNOWN and stage is not None:
            stage.instructions.append(Instruction(name, _filled(text, arguments)))
        else:
            raise ValueError(f"an instruction that is not known here: {line}")
    return stages


def lineage(stages: Mapping[str, Stage], name: str) -> list[Stage]:
    """Return a stage and those that it is built on, the first one first."""
    found = [stages[name]]
    while found[0].parent in stages:
        found.insert(0, stages[found[0].parent])
    return found


def configuration(stages: Mapping[str, Stage], name: str) -> dict[str, str]:
    """Return what a target's image is told: the last of each instruction, and the variables of ENV as `ENV NAME`."""
    told: dict[str, str] = {}
    for stage in lineage(stages, name):
        for instruction in stage.instructions:
            if instruction.name == "ENV":
                told |= {f"ENV {key}": value for key, value in pairs(instruction)}
            elif instruction.name == "LABEL":
                told |= {f"LABEL {key}": value for key, value in pairs(instruction)}
            elif instruction.name not in {"COPY", "RUN"}:
                told[instruction.name] = instruction.text
    return told


def pairs(instruction: Instruction) -> list[tuple[str, str]]:
    """Return the names and values of an ENV or LABEL."""
    return [(key, value) for key, _, value in (word.partition("=") for word in instruction.words)]


def _lines(text: str) -> Iterator[str]:
    pending = ""
    for line in text.splitlines():
        if line.lstrip().startswith("#") or not line.strip():
            continue
        pending += line.rstrip().removesuffix("\\").strip() + " "
        if not line.rstrip().endswith("\\"):
            yield pending.strip()
            pending = ""


def _filled(text: str, arguments: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: arguments[found[1]], text)
