"""`mirante flags references`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2

from services.cli.command import command, complete_flag_keys
from services.cli.flags.code import Looked, Reference, references
from services.cli.flags.reading import all_flags
from services.cli.output import Output, styled
from services.cli.refusals import usage
from services.cli.session import Session

scanning = typer.Typer()

_LONGEST_TEXT: Final = 120


@command(scanning, "references")
def show_references(
    session: Session,
    path: Annotated[Path, typer.Argument(help="A folder of source code, or a file.", show_default=False)],
    keys: Annotated[
        list[str] | None,
        typer.Option("--flag", help="Only this flag; repeat.", autocompletion=complete_flag_keys, show_default=False),
    ] = None,
    *,
    unused: Annotated[bool, typer.Option("--unused", help="Only the flags that stand nowhere.")] = False,
    archived: Annotated[
        bool, typer.Option("--archived", help="Flags that are archived, instead of the others.")
    ] = False,
) -> None:
    """
    List where keys of flags stand in source code, as file:line.

    In a git repository what it ignores is left out. Keys that code puts together from parts are not found.
    """
    if not path.exists():
        raise usage(f"{path} does not exist")
    state = flags_pb2.FLAG_STATE_ARCHIVED if archived else flags_pb2.FLAG_STATE_UNSPECIFIED
    known = [record.flag.key for record in all_flags(session, state)]
    unknown = sorted(set(keys or ()) - set(known))
    if unknown:
        raise usage(f"no {'archived ' if archived else ''}flag is called {', '.join(unknown)}")
    wanted = keys or known
    looked = Looked()
    found = sorted(references(path, wanted, looked), key=lambda each: each.flag_key)
    standing = {each.flag_key for each in found}
    nowhere = [key for key in wanted if key not in standing]
    session.output.answer(
        lambda: {
            "references": [] if unused else [_data(each) for each in found],
            "unused": nowhere,
            "files": looked.files,
            "skipped": looked.skipped,
            "truncated": looked.truncated,
        },
        lambda output: _show_unused(output, nowhere) if unused else _show(output, found),
    )
    _remark(session.output, looked, nowhere, unused=unused)


def _show(output: Output, found: Sequence[Reference]) -> None:
    last = ""
    for each in found:
        if each.flag_key != last:
            output.line(styled(each.flag_key, "bold"))
            last = each.flag_key
        output.line(f"  {each.file}:{each.line}  ", styled(each.text[:_LONGEST_TEXT], "dim"))


def _show_unused(output: Output, nowhere: Sequence[str]) -> None:
    for key in nowhere:
        output.line(key)


def _remark(output: Output, looked: Looked, nowhere: Sequence[str], *, unused: bool) -> None:
    skipped = f", {looked.skipped:,} skipped as binary, too large or no plain file" if looked.skipped else ""
    output.remark(f"looked at {looked.files:,} files{skipped}")
    if looked.truncated:
        output.remark("there are more files: name a folder further down, or what is missing may stand there")
    if nowhere and not unused:
        output.remark(f"stand nowhere: {', '.join(nowhere)}")


def _data(each: Reference) -> dict[str, str | int]:
    return {"flag_key": each.flag_key, "file": each.file, "line": each.line, "text": each.text[:_LONGEST_TEXT]}
