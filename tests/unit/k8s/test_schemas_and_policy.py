"""The two checks that have an environment of their own see what is planted too. `make k8s-check` makes it."""

import json
import subprocess
from pathlib import Path

import pytest

from k8s.checks.rendering import K8S

PYTHON = K8S.parent / ".venv-k8s/bin/python"
SOUND = Path(__file__).parent / "sound.yaml"
PLANTED = """
import json, sys
from k8s.checks.objects import load
from k8s.checks.policy import policy
from k8s.checks.schemas import schemas

sound = open(sys.argv[1]).read()
found = {}
for name, old, new in json.load(sys.stdin)["schemas"]:
    assert old in sound
    found[name] = list(schemas(load(sound.replace(old, new, 1)).documents))
found["sound"] = list(schemas(load(sound).documents))
found["policy"] = list(policy({"planted": sound.replace("allowPrivilegeEscalation: false", "privileged: true", 1)}))
print(json.dumps(found))
"""


@pytest.mark.skipif(not PYTHON.exists(), reason="there is no .venv-k8s")
def test_what_is_planted_is_seen() -> None:
    """Wrong types and unknown fields, in both versions; findings, and exceptions that nothing needs."""
    planted = [
        ("type", "maxUnavailable: 1", "maxUnavailable: [1]"),
        ("field", "readinessProbe:", "readynessProbe:"),
        ("value", "clusterIP: None", "clusterIP: 7"),
    ]
    made = subprocess.run(
        [str(PYTHON), "-c", PLANTED, str(SOUND)],
        input=json.dumps({"schemas": planted}),
        capture_output=True,
        text=True,
        check=True,
        cwd=K8S.parent,
    )
    found = json.loads(made.stdout.splitlines()[-1])
    assert found["sound"] == []
    for name, _, _ in planted:
        assert len(found[name]) == 2, found
    assert any("CKV_K8S_16" in each for each in found["policy"]), found["policy"]
    assert any("nothing needs it any more" in each for each in found["policy"])
