"""`mirante flags eval`."""

from typing import Annotated

import typer
from mirante.api.common.v1 import error_reason_pb2
from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.evaluation.model import TARGETING_KEY, AttributeValue
from mirante.wire import context_to_proto

from services.cli.assignments import attributes, json_value, value_text
from services.cli.command import command, complete_flag_keys
from services.cli.output import Output, styled
from services.cli.plain import enum_name, plain
from services.cli.refusals import usage
from services.cli.session import Session

evaluating = typer.Typer()


@command(evaluating, "eval")
def evaluate(
    session: Session,
    key: Annotated[
        str | None, typer.Argument(help="All flags when left out.", autocompletion=complete_flag_keys)
    ] = None,
    targeting_key: Annotated[str | None, typer.Option("--targeting-key", "-k", help="Usually the user's id.")] = None,
    attr: Annotated[
        list[str] | None, typer.Option("--attr", "-a", help="NAME=TEXT or NAME:=JSON; may be repeated.")
    ] = None,
    context: Annotated[str | None, typer.Option("--context", help="Attributes as one JSON object.")] = None,
) -> None:
    """Show what a context gets, and why."""
    message = context_message(targeting_key, attr or [], context)
    if key is None:
        _evaluate_all(session, message)
        return
    request = evaluation_pb2.EvaluateFlagRequest(environment=session.environment, flag_key=key, context=message)
    evaluation = session.call(session.evaluation.EvaluateFlag, request).evaluation
    session.output.answer(lambda: {"evaluation": plain(evaluation)}, lambda output: _show(output, evaluation))


def context_message(
    targeting_key: str | None, attr: list[str], context: str | None
) -> evaluation_pb2.EvaluationContext:
    """Return the context that the options spell; single attributes win over the object."""
    found: dict[str, AttributeValue] = {}
    if context is not None:
        whole = json_value("--context", context, context)
        if not isinstance(whole, dict):
            raise usage("--context: expected a JSON object")
        found.update(whole)
    found.update(attributes("--attr", attr))
    if targeting_key is not None:
        found[TARGETING_KEY] = targeting_key
    try:
        return context_to_proto(found)
    except ValueError as error:
        raise usage(f"the context cannot be sent: {error}") from None


def reason_text(evaluation: evaluation_pb2.Evaluation) -> str:
    """Return why, with the rule or the error."""
    reason = enum_name(evaluation_pb2.Reason.DESCRIPTOR, evaluation.reason)
    if evaluation.error:
        error = enum_name(error_reason_pb2.ErrorReason.DESCRIPTOR, evaluation.error)
        return f"{reason}: {error}" + (f" ({evaluation.error_message})" if evaluation.error_message else "")
    return f"{reason} {evaluation.rule_id}".strip()


def _evaluate_all(session: Session, context: evaluation_pb2.EvaluationContext) -> None:
    request = evaluation_pb2.EvaluateFlagsRequest(environment=session.environment, context=context)
    answer = session.call(session.evaluation.EvaluateFlags, request)
    rows = [
        (each.flag_key, value_text(each.value) if each.HasField("value") else "", each.variant, reason_text(each))
        for each in answer.evaluations
    ]
    session.output.answer(
        lambda: plain(answer), lambda output: output.table(("FLAG", "VALUE", "VARIANT", "REASON"), rows)
    )


def _show(output: Output, evaluation: evaluation_pb2.Evaluation) -> None:
    output.line(styled(value_text(evaluation.value), "bold"))
    output.facts(
        [
            ("variant", evaluation.variant),
            ("reason", reason_text(evaluation)),
            ("flag", f"{evaluation.flag_key} version {evaluation.flag_version}"),
            ("revision", str(evaluation.revision)),
        ],
    )
