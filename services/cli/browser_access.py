"""`mirante browser-access`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf import json_format
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2

from services.cli.command import command
from services.cli.documents import read_document
from services.cli.output import Output, local_time
from services.cli.plain import plain
from services.cli.refusals import usage
from services.cli.session import Session

browser_access = typer.Typer(
    help="Which pages may ask the gateway, and whose tokens say who sits at a browser.", no_args_is_help=True
)


@command(browser_access, "show")
def show_browser_access(session: Session) -> None:
    """Show what an environment has."""
    request = access_pb2.GetBrowserAccessRequest(environment=session.environment)
    _show(session, session.call(session.access.GetBrowserAccess, request).browser_access)


@command(browser_access, "set")
def set_browser_access(
    session: Session,
    origin: Annotated[
        list[str] | None, typer.Option(help="As https://app.vendas.example; may be repeated.", show_default=False)
    ] = None,
    token_key: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A public JSON Web Key, or a list of them; may be repeated."),
    ] = None,
    version: Annotated[int | None, typer.Option(min=0, help="Refuse unless this is the version it has.")] = None,
) -> None:
    """Replace all origins and token keys of an environment by those that are named; gateways follow within a second."""
    keys = [key for file in token_key or () for key in _keys(file)]
    request = access_pb2.SetBrowserAccessRequest(
        environment=session.environment, origins=origin or (), token_keys=keys, expected_version=version
    )
    _show(session, session.call(session.access.SetBrowserAccess, request).browser_access)


def _keys(file: Path) -> list[access_pb2.TokenKey]:
    try:
        found = json.loads(read_document(file))
    except ValueError as error:
        raise usage(f"{file} is not JSON: {error}") from None
    entries = found if isinstance(found, list) else [found]
    if any(isinstance(each, dict) and "d" in each for each in entries):
        raise usage(f"{file} holds a private key, which belongs to the signing backend alone")
    try:
        return [json_format.ParseDict(each, access_pb2.TokenKey()) for each in entries]
    except (json_format.ParseError, TypeError, AttributeError):
        raise usage(f"{file} holds no JSON Web Key", "`BrowserTokens.jwk()` of the client returns one") from None


def _show(session: Session, access: access_pb2.BrowserAccess) -> None:
    def show(output: Output) -> None:
        for origin in access.origins:
            output.line(f"origin  {origin}")
        for key in access.token_keys:
            output.line(f"key     {key.kid}  {key.crv}")
        by = f", {local_time(access.updated_at)} by {access.updated_by}" if access.HasField("updated_at") else ""
        output.remark(f"version {access.version}{by}" if access.version else "nothing was ever set")

    session.output.answer(lambda: {"browser_access": plain(access)}, show)
