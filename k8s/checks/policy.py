"""The policy scanner, and what of its findings is accepted. Needs the environment of these checks."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML

from k8s.checks.rendering import K8S

EXCEPTIONS: Final = K8S / "policy_exceptions.yaml"
_SCANNER: Final = Path(sys.executable).parent / "checkov"


def policy(renderings: Mapping[str, str]) -> Iterator[str]:
    """
    Yield findings that are no exceptions, exceptions that nothing needs, and exceptions without a reason.

    Args:
        renderings: YAML by a name for people.
    """
    exceptions = YAML(typ="safe", pure=True).load(EXCEPTIONS.read_text(encoding="utf-8"))
    used = set()
    for name, check, resource, what in _findings(renderings):
        meant = next((each for each in exceptions if _means(each, check, resource)), None)
        if meant is None:
            yield f"{name}: {resource}: {check}: {what}"
        else:
            used.add(id(meant))
    for each in exceptions:
        if len(str(each.get("because", ""))) < len("a reason, in a sentence"):
            yield f"{EXCEPTIONS.name}: {each['check']}: has no reason"
        if id(each) not in used:
            yield f"{EXCEPTIONS.name}: {each['check']}: nothing needs it any more"


def _findings(renderings: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the rendering, check, object and words of each finding. One run for all: its start takes longest."""
    names = list(renderings)
    with tempfile.TemporaryDirectory(prefix="mirante-k8s-") as folder:
        files = [Path(folder) / f"{number}.yaml" for number in range(len(names))]
        for file, name in zip(files, names, strict=True):
            file.write_text(renderings[name], encoding="utf-8")
        scan = [str(_SCANNER), "--framework", "kubernetes", "--output", "json", "--quiet"]
        # Without the last option it asks its vendor's servers.
        scan += [*(word for file in files for word in ("--file", str(file))), "--skip-download"]
        made = subprocess.run(scan, capture_output=True, text=True, check=False)
    report = json.loads(made.stdout)
    if report["summary"]["parsing_errors"] or not report["summary"]["passed"]:
        yield "all", "scanner", "everything", f"could not be read: {report['results'].get('parsing_errors')}"
    for each in report["results"]["failed_checks"]:
        yield names[int(Path(each["file_path"]).stem)], each["check_id"], each["resource"], each["check_name"]


def _means(exception: Mapping[str, str], check: str, resource: str) -> bool:
    return exception["check"] == check and re.fullmatch(exception["of"], resource) is not None
