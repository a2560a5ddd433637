"""Who calls, as the flags see it."""

from typing import Annotated

from fastapi import Depends, Header
from mirante.evaluation.model import Context


def caller_context(
    x_user: Annotated[str | None, Header()] = None,
    x_tenant: Annotated[str | None, Header()] = None,
    x_plan: Annotated[str | None, Header()] = None,
    x_region: Annotated[str | None, Header()] = None,
) -> Context:
    """
    Return the evaluation context of a request.

    A real backend takes these from its session, not from headers that anybody can write.
    """
    said = {"targeting_key": x_user, "tenant_id": x_tenant, "plano": x_plan, "regiao": x_region}
    return {name: value for name, value in said.items() if value is not None}


Caller = Annotated[Context, Depends(caller_context)]
