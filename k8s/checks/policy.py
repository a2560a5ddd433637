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
    for name, text in renderings.items():
        for check, resource, what in _findings(text):
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


def _findings(text: str) -> Iterator[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory(prefix="mirante-k8s-") as folder:
        file = Path(folder) / "rendered.yaml"
        file.write_text(text, encoding="utf-8")
        scan = [str(_SCANNER), "--file", str(file), "--framework", "kubernetes", "--output", "json"]
        # Without the last option it asks its vendor's servers.
        made = subprocess.run([*scan, "--quiet", "--skip-download"], capture_output=True, text=True, check=False)
    report = json.loads(made.stdout)
    results = report["results"]
    if report["summary"]["parsing_errors"] or not report["summary"]["passed"]:
        yield "scanner", "everything", f"could not be read: {results.get('parsing_errors')}"
    for each in results["failed_checks"]:
        yield each["check_id"], each["resource"], each["check_name"]


def _means(exception: Mapping[str, str], check: str, resource: str) -> bool:
    return exception["check"] == check and re.fullmatch(exception["of"], resource) is not None
