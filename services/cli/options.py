"""The options that every command shares."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import typer

_PANEL = "Connection"

Json = Annotated[bool | None, typer.Option("--json", help="Print JSON.", rich_help_panel="Output")]


@dataclass(frozen=True, slots=True)
class Options:
    """What was said on the command line; None where nothing was. The environment variable stands in brackets."""

    address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="\\[MIRANTE_ADDRESS; localhost:50051]", rich_help_panel=_PANEL),
    ] = None
    telemetry_address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="\\[MIRANTE_TELEMETRY_ADDRESS; port 50052 beside the other]",
            rich_help_panel=_PANEL,
        ),
    ] = None
    metrics_address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="\\[MIRANTE_METRICS_ADDRESS; port 50053 beside the first]",
            rich_help_panel=_PANEL,
        ),
    ] = None
    api_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="\\[MIRANTE_API_KEY; the admin key of keys.json]", rich_help_panel=_PANEL),
    ] = None
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment",
            "-e",
            metavar="NAME",
            help="\\[MIRANTE_ENVIRONMENT; the one of the key]",
            rich_help_panel=_PANEL,
        ),
    ] = None
    tls: Annotated[bool | None, typer.Option("--tls/--no-tls", help="\\[MIRANTE_CLI_TLS]", rich_help_panel=_PANEL)] = (
        None
    )
    tls_ca: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PEM of the authority \\[MIRANTE_CLI_TLS_CA]", rich_help_panel=_PANEL),
    ] = None
    tls_cert: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PEM for mutual TLS \\[MIRANTE_CLI_TLS_CERT]", rich_help_panel=_PANEL),
    ] = None
    tls_key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Its private key \\[MIRANTE_CLI_TLS_KEY]", rich_help_panel=_PANEL),
    ] = None
    json: Json = None

    def over(self, other: "Options") -> "Options":
        """Return these options, with those of `other` where nothing was said."""
        mine = {each.name: getattr(self, each.name) for each in fields(self)}
        return Options(**{name: getattr(other, name) if value is None else value for name, value in mine.items()})
