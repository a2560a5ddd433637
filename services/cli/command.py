"""
Makes a function a command that talks to the service.

The function gets a `Session`; the options that every command shares are added to its own. They may stand before or
after the command: `mirante --json flags list` is `mirante flags list --json`. A parameter whose type is a dataclass
becomes one option for each of its fields.
"""

import contextlib
import dataclasses
import functools
import inspect
from collections.abc import Callable, Collection, Iterator
from typing import Any, Concatenate, ParamSpec

import typer

from services.cli.connection import CliSettings, load_settings, resolve
from services.cli.options import Options
from services.cli.output import Output
from services.cli.refusals import Refusal
from services.cli.session import Session

P = ParamSpec("P")
_CONTEXT = inspect.Parameter("typer_context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)


def command(
    group: typer.Typer, name: str, *, without: Collection[str] = ()
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[Concatenate[Session, P], None]]:
    """
    Register a function as the command `name` of `group`.

    `without` names shared options that this command does not have.
    """
    shared = [parameter for parameter in _fields_of(Options) if parameter.name not in without]

    def register(function: Callable[Concatenate[Session, P], None]) -> Callable[Concatenate[Session, P], None]:
        _, *own = inspect.signature(function).parameters.values()

        @functools.wraps(function)
        def run(typer_context: typer.Context, **given: Any) -> None:
            options = Options(**{each.name: given.pop(each.name) for each in shared})
            arguments = {each.name: _argument(each, given) for each in own}
            with_session(options.over(root_options_of(typer_context)), functools.partial(function, **arguments))

        _pretend(run, [spread for each in own for spread in _spread(each)] + shared)
        group.command(name)(run)
        return function

    return register


def root_options(app: typer.Typer) -> None:
    """Let the shared options stand before the command's name too."""

    def root(typer_context: typer.Context, **given: Any) -> None:
        typer_context.obj = Options(**given)

    _pretend(root, _fields_of(Options))
    app.callback()(root)


def with_session(options: Options, action: Callable[[Session], None]) -> None:
    """Run a command; a refusal is printed and becomes the exit code."""
    output = Output(as_json=bool(options.json))
    with telling_refusals(output):
        session = Session(resolve(options, load_settings(CliSettings)), output)
        with contextlib.closing(session):
            action(session)


@contextlib.contextmanager
def telling_refusals(output: Output) -> Iterator[None]:
    """Print a refusal and end the command with its exit code."""
    try:
        yield
    except Refusal as refusal:
        output.refuse(refusal)
        raise typer.Exit(refusal.exit_code) from None


def root_options_of(context: typer.Context) -> Options:
    """Return the options that stood before the command's name."""
    options = context.find_root().obj
    return options if isinstance(options, Options) else Options()


def complete_flag_keys(context: typer.Context, incomplete: str) -> list[str]:
    """Return the keys of flags that begin with what was typed; nothing when the service does not answer at once."""
    return _completed(context, incomplete, Session.flag_keys)


def complete_segment_keys(context: typer.Context, incomplete: str) -> list[str]:
    """Return the keys of segments that begin with what was typed."""
    return _completed(context, incomplete, Session.segment_keys)


def _completed(context: typer.Context, incomplete: str, keys: Callable[[Session], list[str]]) -> list[str]:
    names = {field.name for field in dataclasses.fields(Options)}
    said = Options(**{name: value for name, value in context.params.items() if name in names})
    try:
        connection = resolve(said.over(root_options_of(context)), CliSettings())
        with contextlib.closing(Session(connection, Output(as_json=True), timeout_seconds=1.0)) as session:
            return [key for key in keys(session) if key.startswith(incomplete)]
    except (Refusal, ValueError):
        return []


def _spread(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """Return the fields of a dataclass as parameters, and any other parameter as it is."""
    if dataclasses.is_dataclass(parameter.annotation):
        return _fields_of(parameter.annotation)
    return [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)]


def _argument(parameter: inspect.Parameter, given: dict[str, Any]) -> Any:
    if dataclasses.is_dataclass(parameter.annotation) and isinstance(parameter.annotation, type):
        names = [field.name for field in dataclasses.fields(parameter.annotation)]
        return parameter.annotation(**{name: given[name] for name in names})
    return given[parameter.name]


def _fields_of(type_: Any) -> list[inspect.Parameter]:
    parameters = inspect.signature(type_).parameters.values()
    return [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]


def _pretend(function: Callable[..., None], parameters: list[inspect.Parameter]) -> None:
    """Give a function the signature from which Typer makes its options."""
    function.__signature__ = inspect.Signature([_CONTEXT, *parameters])  # type: ignore[attr-defined] # inspect reads it
