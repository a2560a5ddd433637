"""`mirante people`."""

import enum
from pathlib import Path
from typing import Annotated

import typer
from mirante.api.flags.v1 import people_service_pb2 as people_pb2

from services.cli.command import command
from services.cli.documents import read_document
from services.cli.output import Output, local_time, styled
from services.cli.plain import enum_name, plain
from services.cli.refusals import Refusal, usage
from services.cli.session import Session

people = typer.Typer(help="People who use the dashboard.", no_args_is_help=True)

_NO_ENVIRONMENT = frozenset({"environment"})
_ROLES = people_pb2.PersonRole.DESCRIPTOR
_SOURCES = people_pb2.PersonSource.DESCRIPTOR

Login = Annotated[str, typer.Argument(help="What the person logs in as.", show_default=False)]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file", metavar="FILE", help="Its first line is the password; - is stdin. Without it you are asked."
    ),
]


class PersonRole(enum.Enum):
    """What a person may do."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


@command(people, "list", without=_NO_ENVIRONMENT)
def list_people(session: Session) -> None:
    """List everybody, disabled people too."""
    found = _everybody(session)
    rows = [
        (
            each.login,
            each.name,
            enum_name(_ROLES, each.role),
            enum_name(_SOURCES, each.source),
            f"{local_time(each.created_at)} by {each.created_by}",
            local_time(each.last_login_at) if each.HasField("last_login_at") else "",
            styled(local_time(each.disabled_at), "red") if each.HasField("disabled_at") else "",
        )
        for each in found
    ]
    columns = ("LOGIN", "NAME", "ROLE", "SOURCE", "CREATED", "LAST LOGIN", "DISABLED")
    session.output.answer(
        lambda: {"people": [plain(each) for each in found]}, lambda output: output.table(columns, rows)
    )


@command(people, "create", without=_NO_ENVIRONMENT)
def create_person(
    session: Session,
    login: Login,
    role: Annotated[PersonRole, typer.Option(help="What the person may do.", show_default=False)],
    name: Annotated[str, typer.Option(help="For people to read.")] = "",
    password_file: PasswordFile = None,
) -> None:
    """Create a person who logs in with a password."""
    request = people_pb2.CreatePersonRequest(
        login=login, name=name, role=_role(role), password=_password(session.output, password_file)
    )
    _show(session, session.call(session.people.CreatePerson, request).person, "created")


@command(people, "update", without=_NO_ENVIRONMENT)
def update_person(
    session: Session,
    login: Login,
    name: Annotated[str | None, typer.Option(help="For people to read.")] = None,
    role: Annotated[PersonRole | None, typer.Option(help="What the person may do.")] = None,
    disabled: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Whether the person may not log in.")
    ] = None,
) -> None:
    """Change a person, at once, also for who is logged in."""
    request = people_pb2.UpdatePersonRequest(person_id=_person(session, login).id)
    if name is not None:
        request.name = name
    if role is not None:
        request.role = _role(role)
    if disabled is not None:
        request.disabled = disabled
    _show(session, session.call(session.people.UpdatePerson, request).person, "updated")


@command(people, "set-password", without=_NO_ENVIRONMENT)
def set_password(session: Session, login: Login, password_file: PasswordFile = None) -> None:
    """Replace a person's password; all sessions of that person end."""
    request = people_pb2.SetPasswordRequest(person_id=_person(session, login).id)
    request.password = _password(session.output, password_file)
    _show(session, session.call(session.people.SetPassword, request).person, "has another password")


def _everybody(session: Session) -> list[people_pb2.Person]:
    return list(session.call(session.people.ListPeople, people_pb2.ListPeopleRequest()).people)


def _person(session: Session, login: str) -> people_pb2.Person:
    for each in _everybody(session):
        if login.casefold() in (each.login, each.id):
            return each
    raise Refusal(f"there is no person {login!r}", "see `mirante people list`")


def _role(role: PersonRole) -> people_pb2.PersonRole.ValueType:
    return people_pb2.PersonRole.Value(f"PERSON_ROLE_{role.name}")


def _password(output: Output, file: Path | None) -> str:
    """Return a password that was never among the arguments: other users of the machine can read those."""
    if file is not None:
        return read_document(file).partition("\n")[0].removesuffix("\r")
    if not output.is_interactive:
        raise usage("nobody can be asked here: pass --password-file")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _show(session: Session, person: people_pb2.Person, what: str) -> None:
    session.output.answer(
        lambda: {"person": plain(person)},
        lambda output: output.line(f"{person.login} ({enum_name(_ROLES, person.role)}): {what}"),
    )
