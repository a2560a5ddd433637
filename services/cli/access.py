"""`mirante keys` and `mirante environments`."""

import enum
from typing import Annotated

import typer
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2

from services.cli.command import command
from services.cli.output import Output, local_time, styled
from services.cli.plain import enum_name, plain
from services.cli.session import Session

keys = typer.Typer(help="API keys.", no_args_is_help=True)
environments = typer.Typer(help="Environments.", no_args_is_help=True)

_NO_ENVIRONMENT = frozenset({"environment"})
_ROLES = access_pb2.Role.DESCRIPTOR


class Role(enum.Enum):
    """What a key may do."""

    SERVER = "server"
    BROWSER = "browser"
    ADMIN = "admin"
    READER = "reader"
    INTERNAL = "internal"
    EDITOR = "editor"


@command(keys, "list", without=_NO_ENVIRONMENT)
def list_keys(session: Session) -> None:
    """List API keys, revoked ones too. Secrets are not stored and not shown."""
    found = session.call(session.access.ListApiKeys, access_pb2.ListApiKeysRequest()).api_keys
    rows = [
        (
            key.id,
            key.name,
            enum_name(_ROLES, key.role),
            ", ".join(key.environments),
            str(key.quota_per_second or "default"),
            f"{local_time(key.created_at)} by {key.created_by}",
            styled(local_time(key.revoked_at), "red") if key.HasField("revoked_at") else "",
        )
        for key in found
    ]
    columns = ("ID", "NAME", "ROLE", "ENVIRONMENTS", "CALLS/S", "CREATED", "REVOKED")
    session.output.answer(
        lambda: {"api_keys": [plain(key) for key in found]}, lambda output: output.table(columns, rows)
    )


@command(keys, "create", without=_NO_ENVIRONMENT)
def create_key(
    session: Session,
    name: Annotated[str, typer.Argument(help="Shown in histories.", show_default=False)],
    role: Annotated[Role, typer.Option(help="What it may do.", show_default=False)],
    environment: Annotated[
        list[str], typer.Option("--environment", "-e", help="Which it opens; may be repeated; * opens all.")
    ],
    quota: Annotated[int, typer.Option(min=0, help="Calls per second and replica; 0 is the service's default.")] = 0,
) -> None:
    """Create an API key and show its secret, once."""
    request = access_pb2.CreateApiKeyRequest(
        name=name,
        role=access_pb2.Role.Value(f"ROLE_{role.name}"),
        environments=environment,
        quota_per_second=quota,
    )
    created = session.call(session.access.CreateApiKey, request)

    def show(output: Output) -> None:
        output.line(created.secret)
        output.remark(f"id {created.api_key.id}; the secret above is stored nowhere and will not be shown again")

    session.output.answer(lambda: plain(created), show)


@command(keys, "revoke", without=_NO_ENVIRONMENT)
def revoke_key(
    session: Session, key_id: Annotated[str, typer.Argument(help="As `list` shows it.", show_default=False)]
) -> None:
    """Revoke an API key at once and for good; its open streams are closed."""
    key = session.call(session.access.RevokeApiKey, access_pb2.RevokeApiKeyRequest(key_id=key_id)).api_key
    session.output.answer(
        lambda: {"api_key": plain(key)},
        lambda output: output.line(f"{key.name} ({key.id}): revoked {local_time(key.revoked_at)}"),
    )


@command(environments, "list", without=_NO_ENVIRONMENT)
def list_environments(session: Session) -> None:
    """List the environments that the key opens."""
    found = session.call(session.access.ListEnvironments, access_pb2.ListEnvironmentsRequest()).environments
    rows = [(each.key, str(each.revision), local_time(each.created_at), each.description) for each in found]
    session.output.answer(
        lambda: {"environments": [plain(each) for each in found]},
        lambda output: output.table(("ENVIRONMENT", "REVISION", "CREATED", "DESCRIPTION"), rows),
    )


@command(environments, "create", without=_NO_ENVIRONMENT)
def create_environment(
    session: Session,
    name: Annotated[str, typer.Argument(help="As staging.", show_default=False)],
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
) -> None:
    """Create an environment."""
    request = access_pb2.CreateEnvironmentRequest(environment=name, description=description)
    created = session.call(session.access.CreateEnvironment, request).environment
    session.output.answer(
        lambda: {"environment": plain(created)}, lambda output: output.line(f"{created.key}: created")
    )
