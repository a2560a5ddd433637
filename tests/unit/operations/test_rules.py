"""Alert rules and dashboards speak of what is measured, and each alert has a runbook."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser
import pytest
import typer
from ruamel.yaml import YAML

from services.cli.app import app
from tests.unit.architecture.project_tree import ROOT
from tests.unit.operations.measured import measured

RULES = ROOT / "ops/prometheus/rules.yaml"
DASHBOARD = ROOT / "ops/grafana/mirante.json"
RUNBOOKS = (ROOT / "docs/runbooks.md").read_text()
OF_PROMETHEUS = {"up": frozenset[str]()}
"""Series that Prometheus makes itself."""
ADDED = {"job", "instance", "namespace", "pod"}
"""Labels that Prometheus adds to all."""


def rules() -> list[dict[str, Any]]:
    """All alert rules."""
    groups = YAML(typ="safe", pure=True).load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression, with where it stands."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m")


@pytest.fixture(scope="module")
def series() -> Mapping[str, frozenset[str]]:
    """What is measured."""
    return {**measured(), **OF_PROMETHEUS}


def nodes(expression: Any) -> Iterator[Any]:
    """An expression and all that is in it."""
    found: list[Any] = []

    def note(node: Any) -> bool:
        found.append(node)
        return True

    promql_parser.walk(expression, note)
    return iter(found)


@pytest.mark.parametrize(("place", "text"), [pytest.param(*each, id=each[0]) for each in expressions()])
def test_what_is_named_is_measured(place: str, text: str, series: Mapping[str, frozenset[str]]) -> None:
    """Names of series and of their labels, in selectors and in what is summed by."""
    known: set[str] = set(ADDED)
    named = 0
    for node in nodes(promql_parser.parse(text)):
        selector = getattr(node, "vector_selector", node)
        if not isinstance(selector, promql_parser.VectorSelector):
            continue
        named += 1
        name = selector.name or ""
        assert name in series, place
        labels = series[name] | ADDED
        assert {each.name for each in selector.matchers.matchers} - {"__name__"} <= labels, place
        known |= labels
    assert named > 0
    summed = {label.strip() for group in re.findall(r"by \(([^)]*)\)", text) for label in group.split(",")}
    assert summed <= known, place


def test_a_name_that_nobody_measures_is_found(series: Mapping[str, frozenset[str]]) -> None:
    """The test above can fail: the names come from the code, in the form that Prometheus sees."""
    assert series["mirante_rules_lag"] == {"environment"}
    assert "le" in series["rpc_server_duration_seconds_bucket"]
    assert {"mirante_rules_lags", "mirante.rules.lag", "rpc_server_duration_bucket"} & series.keys() == set()


def test_labels_of_texts_are_those_of_the_result() -> None:
    """A summary that names a label which was summed away would show nothing."""
    for rule in rules():
        used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        kept = {label.strip() for group in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in group.split(",")}
        assert used <= (kept or ADDED), rule["alert"]


def test_each_alert_has_its_runbook_and_each_runbook_its_alert() -> None:
    """By the anchor that the alert names; each says what it means, how to look and what to do."""
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", RUNBOOKS, re.MULTILINE | re.DOTALL))
    assert set(sections) == {rule["alert"] for rule in rules()}
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"docs/runbooks.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
    for name, text in sections.items():
        assert all(f"* **{word}**: " in text for word in ("Means", "Look", "Do")), name


def test_runbooks_refer_to_runbooks_and_series_that_exist(series: Mapping[str, frozenset[str]]) -> None:
    """Whoever follows one at night finds what it names."""
    anchors = {name.lower() for name in re.findall(r"^### (\w+)$", RUNBOOKS, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", RUNBOOKS)) <= anchors
    named = re.findall(r"`((?:mirante|rpc|http)_\w+)`", RUNBOOKS)
    assert named
    assert set(named) <= series.keys()


@pytest.mark.parametrize("document", ["docs/runbooks.md", "docs/kubernetes-flags.md"])
def test_commands_that_documents_name_exist(document: str) -> None:
    """A command that is not there helps nobody."""
    named = re.findall(r"`mirante ((?:[a-z-]+ ?)+)", (ROOT / document).read_text())
    assert named
    for words in named:
        command: Any = typer.main.get_command(app)
        for word in words.split():
            if not hasattr(command, "commands"):
                break
            assert word in command.commands, words
            command = command.commands[word]


def test_everything_that_is_measured_is_looked_at(series: Mapping[str, frozenset[str]]) -> None:
    """By a rule, a panel or a runbook; else nobody needs it."""
    read = " ".join([text for _, text in expressions()]) + RUNBOOKS
    ends = ("_bucket", "_sum", "_count", "_created")
    names = {next((name.removesuffix(end) for end in ends if name.endswith(end)), name) for name in series}
    assert {name for name in names if name not in read} == UNREAD


UNREAD = {"target_info"}
"""Facts about the process, which no panel shows."""
