"""Writes the rules of ops/prometheus as a resource of the Prometheus Operator: `python -m k8s.prometheus_rules`."""

import sys
from pathlib import Path
from textwrap import indent
from typing import Final

ROOT: Final = Path(__file__).parents[1]
RULES: Final = ROOT / "ops" / "prometheus" / "rules.yaml"
RESOURCE: Final = ROOT / "k8s" / "components" / "prometheus" / "rules.yaml"

_HEAD: Final = """\
# Made from ops/prometheus/rules.yaml by `make docs`; a test compares the two.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: mirante
spec:
"""


def resource(rules: str) -> str:
    """Return the resource that holds the rules, given as the text of Prometheus's own file."""
    return _HEAD + indent(rules[rules.index("groups:") :], "  ")


if __name__ == "__main__":
    RESOURCE.write_text(resource(RULES.read_text()))
    sys.stdout.write(f"{RESOURCE.relative_to(ROOT)}\n")
