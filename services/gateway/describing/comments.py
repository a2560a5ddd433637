"""What the contracts say about themselves: the comments before each definition."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto

Comments = Mapping[str, str]
"""By the full name of what they are about."""

_Path = tuple[int, ...]
_Named = Iterator[tuple[_Path, str]]

# Numbers of fields in descriptor.proto: SourceCodeInfo names places by them.
_FILE_MESSAGE: Final = 4
_FILE_ENUM: Final = 5
_FILE_SERVICE: Final = 6
_MESSAGE_FIELD: Final = 2
_MESSAGE_NESTED: Final = 3
_MESSAGE_ENUM: Final = 4
_ENUM_VALUE: Final = 2
_SERVICE_METHOD: Final = 2


def comments_of(files: Sequence[FileDescriptorProto]) -> Comments:
    """Return all comments of files that were compiled with their source information."""
    found: dict[str, str] = {}
    for file in files:
        names = dict(_names(file))
        for location in file.source_code_info.location:
            name = names.get(tuple(location.path))
            if name is not None and location.leading_comments.strip():
                found[name] = _text(location.leading_comments)
    return found


def _names(file: FileDescriptorProto) -> _Named:
    for index, message in enumerate(file.message_type):
        yield from _of_message((_FILE_MESSAGE, index), f"{file.package}.{message.name}", message)
    for index, enum in enumerate(file.enum_type):
        yield from _of_enum((_FILE_ENUM, index), f"{file.package}.{enum.name}", enum)
    for index, service in enumerate(file.service):
        path, name = (_FILE_SERVICE, index), f"{file.package}.{service.name}"
        yield path, name
        for number, method in enumerate(service.method):
            yield (*path, _SERVICE_METHOD, number), f"{name}.{method.name}"


def _of_message(path: _Path, name: str, message: DescriptorProto) -> _Named:
    yield path, name
    for index, field in enumerate(message.field):
        yield (*path, _MESSAGE_FIELD, index), f"{name}.{field.name}"
    for index, nested in enumerate(message.nested_type):
        yield from _of_message((*path, _MESSAGE_NESTED, index), f"{name}.{nested.name}", nested)
    for index, enum in enumerate(message.enum_type):
        yield from _of_enum((*path, _MESSAGE_ENUM, index), f"{name}.{enum.name}", enum)


def _of_enum(path: _Path, name: str, enum: EnumDescriptorProto) -> _Named:
    yield path, name
    for index, value in enumerate(enum.value):
        yield (*path, _ENUM_VALUE, index), f"{name}.{value.name}"


def _text(comment: str) -> str:
    """Return a comment with its lines joined; empty lines stay, between paragraphs."""
    paragraphs = "\n".join(line.strip() for line in comment.strip().splitlines()).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
