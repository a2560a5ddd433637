"""The commands against the real service, each through what people do with it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.up.conftest import Mirante

DAY_ONE = {
    "algoritmo_desconto",
    "cache_agressivo",
    "checkout_flow",
    "cta_nova_venda",
    "dark_mode",
    "infinite_scroll",
    "integracao_whatsapp",
    "layout_compacto",
    "lazy_loading",
    "multi_moeda",
    "nova_ui_vendas",
    "recomendacao_produtos",
    "relatorios_avancados",
}


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A flag key that only this test has."""
    return str(request.node.name)


def answer(mirante: Mirante, *arguments: str) -> Any:
    """Return the JSON that a command prints, which has to succeed."""
    result = mirante("--json", *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_demo_has_the_flags_of_day_one(mirante: Mirante) -> None:
    """All that the plan wants, and nothing to set up first."""
    keys = {record["flag"]["key"] for record in answer(mirante, "flags", "list")["records"]}
    assert keys >= DAY_ONE


def test_flag_from_creation_to_archive(mirante: Mirante, key: str) -> None:
    """Created off, ramped, switched, rolled back and archived; the history tells it."""
    created = answer(mirante, "flags", "create", key, "--tag", "teste", "--owner", "ana")["record"]
    assert (created["flag"]["on"], created["flag"]["version"]) == (False, 1)
    answer(mirante, "flags", "set", key, "--rollout", "on=25", "--target", "tenant_id=acme:on", "--comment", "canário")
    answer(mirante, "flags", "on", key)
    rolled_back = answer(mirante, "flags", "rollback", key, "1")["record"]
    assert (rolled_back["flag"]["on"], rolled_back["flag"]["version"]) == (False, 4)
    answer(mirante, "flags", "archive", key, "--comment", "fim")
    assert answer(mirante, "flags", "get", key)["record"]["archived"] is True
    entries = answer(mirante, "flags", "history", key)["entries"]
    assert [(entry["version"], entry["action"], entry["comment"]) for entry in entries] == [
        (5, "archive", "fim"),
        (4, "roll_back", ""),
        (3, "update", ""),
        (2, "update", "canário"),
        (1, "create", ""),
    ]
    assert entries[0]["actor"] == "demo-admin"


def test_evaluation_shows_value_and_reason(mirante: Mirante, key: str) -> None:
    """A rule written on the command line decides by typed attributes."""
    answer(mirante, "flags", "create", key, "--on", "--fallthrough", "off", "--rule", "adultos: idade >= 18 => on")
    adult = answer(mirante, "flags", "eval", key, "-k", "u1", "--attr", "idade:=31")["evaluation"]
    assert (adult["value"], adult["reason"], adult["rule_id"]) == (True, "rule", "adultos")
    text = answer(mirante, "flags", "eval", key, "-k", "u1", "--attr", "idade=31")["evaluation"]
    assert (text["value"], text["reason"]) == (False, "fallthrough")


def test_kill_and_restore(mirante: Mirante, key: str) -> None:
    """Killed is not off: switching it on again changes nothing."""
    answer(mirante, "flags", "create", key, "--on")
    killed = answer(mirante, "flags", "kill", key, "--reason", "erro no checkout")
    assert killed["record"]["flag"]["kill"]["reason"] == "erro no checkout"
    assert killed["delivery"]["applied"] == killed["delivery"]["connected"]
    assert answer(mirante, "flags", "eval", key)["evaluation"]["reason"] == "killed"
    assert "already on, but killed" in mirante("flags", "on", key).stdout
    assert key in {each["flag"]["key"] for each in answer(mirante, "flags", "list", "--state", "killed")["records"]}
    answer(mirante, "flags", "restore", key, "--reason", "corrigido")
    assert answer(mirante, "flags", "eval", key)["evaluation"]["value"] is True


def test_export_is_what_import_takes(mirante: Mirante, key: str, tmp_path: Path) -> None:
    """Unchanged it plans nothing; changed, the plan is what happens."""
    answer(mirante, "flags", "create", key)
    file = tmp_path / "flags.yaml"
    answer(mirante, "flags", "export", "-o", str(file))
    assert answer(mirante, "flags", "import", str(file), "--dry-run")["changes"] == []
    file.write_text(f"flags:\n  {key}:\n    description: de fora\n    on: true\n    fallthrough: on\n")
    planned = answer(mirante, "flags", "import", str(file), "--dry-run")
    assert [(each["key"], each["action"]) for each in planned["changes"]] == [(key, "update")]
    done = answer(mirante, "flags", "import", str(file), "--yes")
    assert done["changes"] == planned["changes"]
    assert answer(mirante, "flags", "get", key)["record"]["flag"]["description"] == "de fora"


def test_broken_yaml_names_its_place(mirante: Mirante) -> None:
    """Line and column, and nothing is changed."""
    result = mirante("flags", "import", "-", "--yes", stdin="flags:\n  x: {on: [\n")
    assert result.exit_code == 1
    assert "INVALID_YAML" in result.stderr
    assert "Traceback" not in result.output


def test_promotion_creates_the_flag_off(mirante: Mirante, key: str) -> None:
    """Another environment has its own switch."""
    answer(mirante, "flags", "create", key, "--on", "-e", "staging", "--description", "da homologação")
    answer(mirante, "flags", "promote", key, "--from", "staging", "--to", "production", "--yes")
    promoted = answer(mirante, "flags", "get", key)["record"]["flag"]
    assert (promoted["description"], promoted["on"]) == ("da homologação", False)
    again = mirante("flags", "promote", key, "--from", "staging", "--to", "production")
    assert again.stdout == f"{key} is the same in staging and production\n"


def test_segments(mirante: Mirante, key: str) -> None:
    """Members come and go, and a flag can refer to it."""
    answer(mirante, "segments", "create", key, "--include", "tenant_id=acme,beta")
    changed = answer(mirante, "segments", "set", key, "--remove", "tenant_id=acme", "--exclude", "targeting_key=u1")
    segment = changed["record"]["segment"]
    assert [each["values"] for each in segment["included"]] == [["beta"]]
    answer(mirante, "flags", "create", key, "--on", "--fallthrough", "off", "--rule", f"x: in_segment {key} => on")
    values = [
        answer(mirante, "flags", "eval", key, "-k", user, "-a", "tenant_id=beta")["evaluation"]["value"]
        for user in ("u1", "u2")
    ]
    assert values == [False, True]
    refused = mirante("segments", "archive", key)
    assert (refused.exit_code, "STATE_CONFLICT" in refused.stderr) == (1, True)
    assert [each["version"] for each in answer(mirante, "segments", "history", key)["entries"]] == [2, 1]
    assert key in {each["segment"]["key"] for each in answer(mirante, "segments", "list")["records"]}


def test_keys_open_what_they_are_for_until_revoked(mirante: Mirante) -> None:
    """The secret works at once and no longer after the revocation."""
    created = answer(mirante, "keys", "create", "painel", "--role", "reader", "-e", "staging")
    secret, key_id = created["secret"], created["api_key"]["id"]
    as_reader = ("--api-key", secret)
    assert mirante("flags", "list", *as_reader).exit_code == 0
    assert "ROLE_DENIED" in mirante("flags", "create", "x", *as_reader).stderr
    assert "ENVIRONMENT_DENIED" in mirante("flags", "list", *as_reader, "-e", "production").stderr
    answer(mirante, "keys", "revoke", key_id)
    assert "REVOKED_KEY" in mirante("flags", "list", *as_reader).stderr
    listed = {each["id"]: each for each in answer(mirante, "keys", "list")["api_keys"]}
    assert "revoked_at" in listed[key_id]
    assert secret not in mirante("keys", "list").output


def test_environments(mirante: Mirante) -> None:
    """A new one is empty."""
    answer(mirante, "environments", "create", "homologacao", "--description", "antes de produção")
    assert "homologacao" in mirante("environments", "list").stdout
    assert answer(mirante, "flags", "list", "-e", "homologacao")["records"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["flags", "get", "nova_ui_venda"], "did you mean nova_ui_vendas"),
        (["flags", "create", "dark_mode"], "ALREADY_EXISTS"),
        (["flags", "create", "com espaço"], "flag.key"),
        (["flags", "create", "x", "--fallthrough", "talvez"], "there is no variant 'talvez'"),
        (["flags", "rollback", "dark_mode", "99"], "VERSION_NOT_FOUND"),
        (["flags", "restore", "dark_mode", "-r", "x"], "STATE_CONFLICT"),
        (["flags", "list", "-e", "marte"], "ENVIRONMENT_NOT_FOUND"),
        (["flags", "list", "--api-key", "errada"], "UNKNOWN_KEY"),
        (["keys", "revoke", "ninguem"], "API_KEY_NOT_FOUND"),
        (["flags", "eval", "cache_agressivo"], "TARGETING_KEY_MISSING"),
    ],
)
def test_refusals_say_what_is_wrong(mirante: Mirante, arguments: list[str], said: str) -> None:
    """One line, exit code 1, nothing on stdout."""
    result = mirante(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
