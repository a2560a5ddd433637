"""Who evaluates flags, by the analytics store."""

from mirante.api.metrics.v1 import programme_service_pb2 as pb2

from services.metrics.programme.exposures import Usage, usage_of
from tests.support.report_events import Happened, Value, snapshot_of

DAY = 86_400 * 1_000_000
TODAY = 20_000 * DAY


def exposed(actor: int, time: int, flag: str, variant: str | None, tenant: str = "acme") -> Happened:
    """Somebody was given a variant."""
    told: dict[str, Value] = {"flag": flag}
    if variant is not None:
        told["variant"] = variant
    return Happened(actor, time, "flag_exposta", told, tenant=tenant)


def test_usage_of_flags() -> None:
    """Exposures and people of the last days; the newest one may be older. Other events and flags do not count."""
    events = [
        exposed(1, TODAY, "f", "on"),
        exposed(1, TODAY + 1, "f", "on"),
        exposed(8, TODAY, "f", "on", tenant="outra"),
        # Nobody is no person.
        exposed(0, TODAY, "f", "on"),
        exposed(2, TODAY + 2, "f", "off"),
        exposed(3, TODAY - DAY - 1, "f", "antiga"),
        exposed(4, TODAY, "f", None),
        exposed(5, TODAY - 3 * DAY, "it's", "on"),
        exposed(6, TODAY, "desconhecida", "on"),
        Happened(7, TODAY + DAY, "pagina_vista", {"flag": "f", "variant": "on"}),
    ]
    with snapshot_of(events) as snapshot:
        found = usage_of(snapshot, ["f", "it's", "nunca"], TODAY - DAY)
    assert found == {
        "f": Usage(TODAY + 2, {"on": (4, 2), "off": (1, 1), "": (1, 1)}),
        "it's": Usage(TODAY - 3 * DAY, {}),
    }
    life = pb2.FlagLifecycle()
    found["f"].fill(life)
    assert life.last_evaluated_at.ToMicroseconds() == TODAY + 2
    assert [(each.variant, each.exposures) for each in life.variants] == [("on", 4), ("", 1), ("off", 1)]
    assert abs(sum(each.share for each in life.variants) - 1.0) < 1e-9


def test_a_store_without_exposures() -> None:
    """Has no such columns, and knows no flag."""
    with snapshot_of([Happened(1, TODAY, "pagina_vista")]) as snapshot:
        assert usage_of(snapshot, ["f"], 0) == {}
