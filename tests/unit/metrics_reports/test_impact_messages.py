"""The messages of what earns or loses money: questions mean what they say, and results arrive whole."""

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from mirante.api.metrics.v1 import report_pb2

from services.metrics.analytics.answering.wire.reports import answer_of, field_of, question_of, table_of
from services.metrics.analytics.reports.asking import Property, Selection
from services.metrics.analytics.reports.impact.association import RevenueAssociation, RevenueUnit
from services.metrics.analytics.reports.impact.churn import Churn
from services.metrics.analytics.reports.impact.sales import Sales
from services.metrics.analytics.reports.running import Question, run
from services.metrics.analytics.store.engine import Limits
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import DAY, START, START_US, scope_of
from tests.support.report_events import Happened, snapshot_of

PERIOD = {"start": START.isoformat(), "end": (START + timedelta(days=60)).isoformat(), "tenant": "acme"}
SCOPE = scope_of(timedelta(days=60), tenant="acme")
ASKED: dict[str, tuple[dict[str, Any], Question]] = {
    "usual association": (
        {"revenueAssociation": {"feature": {"event": "busca_venda"}}},
        RevenueAssociation(scope=SCOPE, feature=Selection("busca_venda")),
    ),
    "association of everything": (
        {
            "revenueAssociation": {
                "feature": {"event": "busca_venda"},
                "sales": {
                    "sale": {"event": "pedido"},
                    "amount": {"name": "total"},
                    "currency": {},
                    "cancellation": {},
                    "key": {"name": "id"},
                },
                "unit": "REVENUE_UNIT_TENANT",
                "exposure": 0.25,
                "classes": 3,
            }
        },
        RevenueAssociation(
            scope=SCOPE,
            feature=Selection("busca_venda"),
            sales=Sales(
                sale=Selection("pedido"),
                amount=Property("total"),
                currency=None,
                cancellation=None,
                key=Property("id"),
            ),
            unit=RevenueUnit.TENANT,
            exposure=0.25,
            classes=3,
        ),
    ),
    "usual churn": ({"churn": {}}, Churn(scope=SCOPE)),
    "churn without errors": ({"churn": {"errors": {}}}, Churn(scope=SCOPE, errors=None)),
    "churn of everything": (
        {"churn": {"activity": {"event": "login"}, "errors": {"event": "X"}, "horizon": "604800s", "limit": 7}},
        Churn(scope=SCOPE, activity=Selection("login"), errors=Selection("X"), horizon=timedelta(days=7), limit=7),
    ),
}


def message_of(asked: dict[str, Any]) -> report_pb2.Question:
    """A question as its message."""
    return ParseDict({"scope": PERIOD, **asked}, report_pb2.Question())


@pytest.mark.parametrize(("asked", "expected"), ASKED.values(), ids=list(ASKED))
def test_questions(asked: dict[str, Any], expected: Question) -> None:
    """What is not said is as usual; what is said is as said."""
    assert question_of(message_of(asked)) == expected


def test_mistakes_name_fields_of_the_message() -> None:
    """Also those that the engine finds."""
    with pytest.raises(InvalidRequest) as caught:
        question_of(message_of({"revenueAssociation": {"unit": 9}}))
    assert [each.field for each in caught.value.violations] == ["revenue_association.unit"]
    assert field_of("revenue_association", "sales.sale.event") == "revenue_association.sales.sale.event"
    assert field_of("churn", "scope.start") == "scope.start"


def events() -> list[Happened]:
    """Habits of 600 users: who does more searches more, sells more, and comes back sooner."""
    found = []
    for actor in range(1, 601):
        gap = 1 + actor % 12
        for day in range(0, 60 if actor % 5 else 20 + actor % 37, gap):
            time = START_US + day * DAY + actor
            found.append(Happened(actor, time, "login_sucesso", {}, {"user_id": f"u{actor}"}))
            if (actor * 31 + day * 17) % 11 == 0:
                found.append(Happened(actor, time, "busca_venda"))
            if (actor + day) % 3 == 0:
                bill = {"venda_id": f"{actor}-{day}", "valor": f"{10 + actor % 9}.50", "moeda": "BRL"}
                found.append(Happened(actor, time, "venda_criada", bill))
    return found


def test_answers() -> None:
    """Everything that the engine tells is in the message and, as far as it is rows, in the table."""
    with snapshot_of(events(), START_US + 90 * DAY) as snapshot:
        association, churn = (
            run(question_of(message_of(ASKED[name][0])), snapshot, Limits())
            for name in ("usual association", "usual churn")
        )
    message = answer_of("revenue_association", association)
    result = message.result.revenue_association
    assert (result.currency, result.HasField("silence"), result.split.ToDatetime().day) == ("BRL", False, 1)
    assert result.adjusted.low == association.result.adjusted.low < result.adjusted.high
    assert [each.users for each in result.strata] == [each.users for each in association.result.strata]
    assert MessageToDict(result)["strata"][0]["soFar"].startswith("REVENUE_SO_FAR_")
    table = table_of(message)
    assert [row[0] for row in table.rows] == ["plain", "adjusted", *["stratum"] * len(result.strata)]
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert table.rows[1][table.columns.index("difference")] == result.adjusted.value
    message = answer_of("churn", churn)
    people = message.result.churn.people
    assert (len(people), message.result.churn.scored) == (100, churn.result.scored)
    assert people[0].score.reasons[0].fact == churn.result.people[0].score.reasons[0].fact
    assert len(message.result.churn.model.weights) == 6
    assert message.result.churn.validation.auc.low == churn.result.validation.auc.low > 0.5
    table = table_of(message)
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert table.rows[0][:3] == ("acme", people[0].user_id, people[0].score.probability)


def test_silent_answers() -> None:
    """What is not told is not set."""
    with snapshot_of([], START_US + 90 * DAY) as snapshot:
        for name in ("usual association", "usual churn"):
            question = question_of(message_of(ASKED[name][0]))
            field = "revenue_association" if isinstance(question, RevenueAssociation) else "churn"
            message = answer_of(field, run(question, snapshot, Limits()))
            told = MessageToDict(getattr(message.result, field), preserving_proto_field_name=True)
            assert told["silence"]
            assert not {"adjusted", "plain", "currency", "model", "validation", "expected", "people"} & set(told)
            assert {len(row) for row in table_of(message).rows} <= {len(table_of(message).columns)}
