"""One resource speaks for a flag."""

from typing import Any

from services.controller.claims import Claims

OLD, NEW = ("vendas", "nova-ui"), ("outros", "nova-ui")
FLAG = ("production", "nova_ui")


def naming(key: str, created: str, environment: str = "production") -> dict[str, Any]:
    """A resource that names a flag."""
    return {"metadata": {"name": "x", "creationTimestamp": created}, "spec": {"environment": environment, "key": key}}


def test_the_oldest_speaks_and_the_next_when_it_goes() -> None:
    """Whom a change concerns is told."""
    claims = Claims()
    assert claims.take(NEW, naming("nova_ui", "2026-11-02T00:00:00Z")) == []
    assert claims.speaker(FLAG) == NEW
    assert claims.take(OLD, naming("nova_ui", "2026-11-01T00:00:00Z")) == [NEW]
    assert claims.speaker(FLAG) == OLD
    assert claims.take(OLD, naming("nova_ui", "2026-11-01T00:00:00Z")) == []
    assert claims.of_environment("production") == {"nova_ui": OLD}
    assert claims.take(OLD, None) == [NEW]
    assert claims.speaker(FLAG) == NEW
    assert claims.take(NEW, None) == []
    assert claims.speaker(FLAG) is None
    assert claims.take(NEW, None) == []
