"""Evaluating over the wire."""

import asyncio

import grpc.aio
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import evaluation_service_pb2 as pb2
from mirante.api.flags.v1 import flag_pb2

from tests.support.flag_store import bool_flag
from tests.support.serving import Serving


def context(user: str = "ana", **attributes: str) -> pb2.EvaluationContext:
    """A user with attributes."""
    values = {name: value_pb2.Value(string_value=value) for name, value in attributes.items()}
    return pb2.EvaluationContext(targeting_key=user, attributes=values)


def premium_flag(key: str) -> flag_pb2.Flag:
    """A flag that is on for the plan premium."""
    flag = bool_flag(key, client_visible=True)
    flag.fallthrough.variant = "off"
    rule = flag.rules.add(id="premium")
    rule.conditions.add(attribute="plan", operator=flag_pb2.OPERATOR_IN).values.add(string_value="premium")
    rule.serve.variant = "on"
    return flag


async def test_one_flag_is_answered_with_its_reason(service: Serving) -> None:
    """Value, variant, reason, rule, version and revision."""
    revision = await service.create(premium_flag("layout_compacto"))
    request = pb2.EvaluateFlagRequest(flag_key="layout_compacto", context=context(plan="premium"))
    answer = (await service.evaluation.EvaluateFlag(request, metadata=service.key("server"))).evaluation
    assert answer == pb2.Evaluation(
        flag_key="layout_compacto",
        value=value_pb2.Value(bool_value=True),
        variant="on",
        reason=pb2.REASON_RULE,
        rule_id="premium",
        flag_version=1,
        revision=revision,
    )


async def test_a_change_is_answered_with_at_once(service: Serving) -> None:
    """Whoever kills a flag finds it killed at that replica."""
    await service.create(bool_flag("dark_mode"))
    request = pb2.EvaluateFlagRequest(flag_key="dark_mode", context=context())
    for _ in range(10):
        await service.kill("dark_mode")
        killed = await service.evaluation.EvaluateFlag(request, metadata=service.key("server"))
        assert (killed.evaluation.reason, killed.evaluation.value.bool_value) == (pb2.REASON_KILLED, False)
        await service.restore("dark_mode")
        restored = await service.evaluation.EvaluateFlag(request, metadata=service.key("server"))
        assert restored.evaluation.value.bool_value is True


async def test_many_flags_are_answered_in_the_order_asked(service: Serving) -> None:
    """One that does not exist does not fail the others."""
    revision = await service.create(bool_flag("b"), bool_flag("a"), premium_flag("c"))
    request = pb2.EvaluateFlagsRequest(flag_keys=["c", "missing", "a", "c"], context=context(plan="basico"))
    answer = await service.evaluation.EvaluateFlags(request, metadata=service.key("server"))
    assert [(each.flag_key, each.variant) for each in answer.evaluations] == [
        ("c", "off"),
        ("missing", ""),
        ("a", "on"),
        ("c", "off"),
    ]
    assert answer.evaluations[1].error == reasons.ERROR_REASON_FLAG_NOT_FOUND
    assert not answer.evaluations[1].HasField("value")
    assert answer.revision == revision


async def test_all_flags_are_answered_by_key(service: Serving) -> None:
    """When none is named."""
    await service.create(bool_flag("b"), bool_flag("c"), bool_flag("a"))
    answer = await service.evaluation.EvaluateFlags(
        pb2.EvaluateFlagsRequest(context=context()), metadata=service.key("reader")
    )
    assert [each.flag_key for each in answer.evaluations] == ["a", "b", "c"]


async def test_browsers_see_what_is_visible_to_clients(service: Serving) -> None:
    """Everything else does not exist for them, by whichever call."""
    await service.create(bool_flag("hidden"), premium_flag("shown"))
    key = service.key("browser")
    everything = await service.evaluation.EvaluateFlags(pb2.EvaluateFlagsRequest(context=context()), metadata=key)
    assert [each.flag_key for each in everything.evaluations] == ["shown"]
    named = await service.evaluation.EvaluateFlags(
        pb2.EvaluateFlagsRequest(flag_keys=["hidden", "missing"], context=context()), metadata=key
    )
    assert [(each.error, each.error_message) for each in named.evaluations] == [
        (reasons.ERROR_REASON_FLAG_NOT_FOUND, "flag_key: no such flag")
    ] * 2
    errors = []
    for flag_key in ("hidden", "missing"):
        call = service.evaluation.EvaluateFlag(
            pb2.EvaluateFlagRequest(flag_key=flag_key, context=context()), metadata=key
        )
        errors.append((await call.code(), await call.details()))
    assert errors == [(grpc.StatusCode.NOT_FOUND, "flag_key: no such flag")] * 2


async def test_a_stream_answers_in_order(service: Serving) -> None:
    """Items that cannot be evaluated carry their error, and the ids are the caller's."""
    await service.create(premium_flag("c"))
    call = service.evaluation.EvaluateStream(metadata=service.key("server"))
    requests = [
        pb2.EvaluateStreamRequest(request_id=2**64 - 1, flag_key="c", context=context(plan="premium")),
        pb2.EvaluateStreamRequest(request_id=0, flag_key="missing"),
        pb2.EvaluateStreamRequest(request_id=7, flag_key="c", environment="staging"),
        pb2.EvaluateStreamRequest(request_id=8, flag_key="c", expected_type=flag_pb2.FLAG_TYPE_STRING),
        pb2.EvaluateStreamRequest(request_id=9, flag_key="c", context=context(plan="basico")),
    ]
    for request in requests:
        await call.write(request)
    await call.done_writing()
    answers = [answer async for answer in call]
    assert [(answer.request_id, answer.evaluation.variant, answer.evaluation.error) for answer in answers] == [
        (2**64 - 1, "on", 0),
        (0, "", reasons.ERROR_REASON_FLAG_NOT_FOUND),
        (7, "", reasons.ERROR_REASON_ENVIRONMENT_DENIED),
        (8, "", reasons.ERROR_REASON_TYPE_MISMATCH),
        (9, "off", 0),
    ]


async def test_a_stream_is_pipelined(service: Serving) -> None:
    """Hundreds of requests may be under way before the first answer is read."""
    await service.create(bool_flag("a"))
    call = service.evaluation.EvaluateStream(metadata=service.key("server"))

    async def ask() -> None:
        for number in range(500):
            await call.write(pb2.EvaluateStreamRequest(request_id=number, flag_key="a", context=context()))
        await call.done_writing()

    asking = asyncio.create_task(ask())
    ids = [answer.request_id async for answer in call]
    await asking
    assert ids == list(range(500))


async def test_a_key_of_several_environments_names_one(service: Serving) -> None:
    """And gets that environment's answer."""
    await service.access.CreateEnvironment(
        access_pb2.CreateEnvironmentRequest(environment="staging"), metadata=service.admin
    )
    await service.create(bool_flag("a"))
    off = bool_flag("a")
    off.on = False
    await service.create(off, environment="staging")
    found = {}
    for environment in ("production", "staging"):
        request = pb2.EvaluateFlagRequest(flag_key="a", context=context(), environment=environment)
        answer = await service.evaluation.EvaluateFlag(request, metadata=service.admin)
        found[environment] = answer.evaluation.value.bool_value
    assert found == {"production": True, "staging": False}
