"""Rules in one line."""

import pytest
from mirante.api.flags.v1 import flag_pb2
from mirante.wire import value_from_proto

from services.cli.flags.rules import parse_rule, set_rules
from services.cli.flags.showing import condition_text, serve_text
from services.cli.refusals import ExitCode, Refusal


@pytest.mark.parametrize(
    ("text", "conditions", "serve"),
    [
        ("premium: plan in premium,gold => on", ["plan in premium, gold"], "on"),
        ("sul: regiao = Sul and not plan = free => v2", ["regiao in Sul", "plan not in free"], "v2"),
        ("idade: idade >= 18 => on", ["idade greater or equal 18"], "on"),
        ("ativos: ultimo_login after -7d => on", ["ultimo_login after -7d"], "on"),
        ("rede: ip in_cidr 10.0.0.0/8, fd00::/8 => on", ["ip in cidr 10.0.0.0/8, fd00::/8"], "on"),
        ("beta: in_segment testers => on", ["in segment testers"], "on"),
        ("fora: not in_segment testers => off", ["not in segment testers"], "off"),
        ("tem: email exists => on", ["email exists"], "on"),
        ("canario: plan = premium => on=12.5,off=87.5", ["plan in premium"], "on 12.5%, off 87.5%"),
        ('nomes: cidade in "São Paulo","a, b" => on', ["cidade in São Paulo, a, b"], "on"),
    ],
)
def test_line_is_a_rule(text: str, conditions: list[str], serve: str) -> None:
    """Read back, it says the same."""
    rule = parse_rule(text)
    assert rule.id == text.partition(":")[0]
    assert [condition_text(condition) for condition in rule.conditions] == conditions
    assert serve_text(rule.serve) == serve


def test_values_have_types() -> None:
    """Numbers and booleans are that; quotes make strings."""
    [condition] = parse_rule('x: a in 1,1.5,true,um,"2",-7d,1.2.3 => on').conditions
    assert [value_from_proto(value) for value in condition.values] == [1, 1.5, True, "um", "2", "-7d", "1.2.3"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("plan in premium => on", "ID"),
        ("x: => on", "ID"),
        ("x: plan in premium", "=>"),
        ("x: plan => on", "'plan' is no condition"),
        ("x: plan equals premium => on", "'equals' is no operator"),
        ("x: plan = premium => on=10,off=80", "100"),
        ("x: plan = premium => on=ten", "percentage"),
    ],
)
def test_line_that_is_no_rule_is_wrong_usage(text: str, named: str) -> None:
    """What was typed is repeated, and what is wrong with it named."""
    with pytest.raises(Refusal) as refused:
        parse_rule(text)
    assert refused.value.exit_code is ExitCode.USAGE
    assert f"--rule {text}: " in refused.value.message
    assert named in refused.value.message


def test_rule_keeps_its_place_when_it_is_replaced() -> None:
    """Order decides, so a change of one rule must not reorder."""
    flag = flag_pb2.Flag()
    set_rules(flag, ["a: x = 1 => on", "b: x = 2 => on"], [])
    set_rules(flag, ["a: x = 3 => off", "c: x = 4 => on"], [])
    assert [(rule.id, serve_text(rule.serve)) for rule in flag.rules] == [("a", "off"), ("b", "on"), ("c", "on")]
    set_rules(flag, [], ["b"])
    assert [rule.id for rule in flag.rules] == ["a", "c"]


def test_unknown_rule_cannot_be_removed() -> None:
    """A mistyped id is not passed over."""
    with pytest.raises(Refusal, match="--remove-rule b"):
        set_rules(flag_pb2.Flag(), [], ["b"])
