"""Who calls, as the flags and the events see it."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request
from mirante.evaluation.model import Context

_HEADERS = {
    "targeting_key": "x-user",
    "tenant_id": "x-tenant",
    "plano": "x-plan",
    "regiao": "x-region",
    "papel": "x-role",
    "anonymous_id": "x-anonymous",
}


def context_of(headers: Mapping[str, str]) -> Context:
    """
    Return the evaluation context of a request.

    A real backend takes these from its session, not from headers that anybody can write.
    """
    return {attribute: headers[name] for attribute, name in _HEADERS.items() if name in headers}


def _of_request(request: Request) -> Context:
    return context_of(request.headers)


Caller = Annotated[Context, Depends(_of_request)]


def tenant_of(caller: Context) -> str:
    """Return the customer company of a caller; empty when there is none."""
    return str(caller.get("tenant_id", ""))
