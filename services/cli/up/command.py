"""`mirante up`."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from services.cli.command import root_options_of, telling_refusals
from services.cli.connection import load_settings
from services.cli.options import Json
from services.cli.output import Output, styled
from services.cli.up import supervisor
from services.cli.up.processes import SERVICES, ServiceProcess
from services.runtime.settings import ServiceSettings

_HTTP = {service.name for service in SERVICES if service.http}


def up(
    context: typer.Context,
    demo: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Load the flags and events of vendas, and play a shop.")
    ] = True,
    json: Json = None,
) -> None:
    """
    Run all services on this machine, in the foreground, until Ctrl-C.

    Without DATABASE_URL and REDIS_URL it also runs a Postgres and a Valkey, with their data under MIRANTE_HOME.
    """
    hold(Output(as_json=bool(json or root_options_of(context).json)), demo=demo, services=SERVICES)


def hold(output: Output, *, demo: bool, services: Sequence[ServiceProcess]) -> None:
    """Run services until a signal ends it; a refusal is printed and becomes the exit code."""
    with telling_refusals(output):
        settings = load_settings(ServiceSettings)
        scheme = "http" if settings.tls_certificate is None else "https"
        asyncio.run(
            supervisor.run(
                settings,
                demo=demo,
                when_up=lambda everything: _welcome(output, everything, scheme, demo=demo),
                tell=output.remark,
                services=services,
            )
        )


def _welcome(output: Output, everything: supervisor.Up, scheme: str, *, demo: bool) -> None:
    keys, password = everything.home / "keys.json", everything.home / "admin_password"

    def show(output: Output) -> None:
        for name, address in everything.addresses.items():
            if name in _HTTP:
                output.line("dashboard ", styled(f"{scheme}://{address}", "bold"))
            else:
                output.line(f"{name:<9} ", styled(address, "bold"), "  gRPC")
        output.line(f"logs      {everything.home / 'logs'}")
        if keys.exists():
            output.line(f"keys      {keys}, one for each role")
            if password.exists():
                output.line(f"login     admin, whose first password is in {password}")
            output.line("try       mirante flags list" if demo else "try       mirante flags create minha_flag --on")
            if demo:
                output.line('          mirante flags kill nova_ui_vendas --reason "erro no checkout"')
                output.line("          mirante events tail    the demo's shop is open: its tenants are called demo-...")
                output.line("demo      five weeks of made-up history come in during the first minutes of a first start")
        output.line(styled("ready", "bold green"), "; Ctrl-C stops everything")

    output.answer(
        lambda: {
            "event": "ready",
            "addresses": dict(everything.addresses),
            "keys": str(keys) if keys.exists() else None,
        },
        show,
    )
