"""The OpenAPI document."""

import json
from pathlib import Path
from typing import Any

from openapi_spec_validator import validate

import services.gateway
from services.gateway import routes

SOURCE = Path(services.gateway.__file__).parent


def document() -> dict[str, Any]:
    """Return it."""
    found: dict[str, Any] = json.loads((SOURCE / "openapi.json").read_text())
    return found


def test_it_names_what_exists_and_nothing_else() -> None:
    """Every address of the routes, without those that are only refused; the admin API comes from its contracts."""
    text = Path(routes.__file__).read_text()
    paths = {path for path in document()["paths"] if not path.startswith("/api/mirante.")}
    for path in paths - {"/ofrep/v1/events"}:
        assert f'"{path.replace("{key}", "{key:path}")}"' in text, path
    assert text.count("_route(") - 1 + text.count("WebSocketRoute(") == len(paths)


def test_it_is_openapi() -> None:
    """By the validator that the specification's own community keeps."""
    validate(document())


def test_its_references_lead_somewhere() -> None:
    """And every operation has a name of its own."""
    found = document()

    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if "$ref" in part else []
            return own + [each for value in part.values() for each in references(value)]
        return [each for value in part for each in references(value)] if isinstance(part, list) else []

    for reference in references(found):
        target = found
        for name in reference.removeprefix("#/").split("/"):
            target = target[name]
    names = [operation["operationId"] for path in found["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names)) == len(found["paths"])
