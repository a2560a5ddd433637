"""Whom a command is about."""

from typing import Annotated

import typer
from mirante.api.telemetry.v1 import privacy_service_pb2 as pb2

from services.cli.refusals import usage

Tenant = Annotated[str, typer.Option("--tenant", "-t", metavar="TENANT", help="Whose person.", show_default=False)]
User = Annotated[str, typer.Option("--user", "-u", metavar="ID", help="A user, with all their devices.")]
Anonymous = Annotated[
    str, typer.Option("--anonymous", metavar="ID", help="An anonymous id that was never joined to a user.")
]


def subject_of(tenant: str, user: str, anonymous: str) -> pb2.Subject:
    """Return the person that the options name; raise Refusal (wrong usage) when they name none or two."""
    if bool(user) == bool(anonymous):
        raise usage("name one person: --user ID or --anonymous ID")
    return pb2.Subject(tenant=tenant, user_id=user) if user else pb2.Subject(tenant=tenant, anonymous_id=anonymous)
