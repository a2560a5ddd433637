"""What is done to one segment: created, redefined, archived."""

from mirante.api.flags.v1 import flag_pb2

from services.flags.definition_checks import require_sound
from services.flags.preconditions import check_etag, live, require_etag, require_unused
from services.flags.references import References
from services.flags.store import Kind
from services.flags.store.records import Action, Record, parsed_segment, serialised
from services.flags.texts import check_comment, require_key
from services.flags.writer import Writer
from services.runtime.access import Caller
from services.runtime.errors import AlreadyExists


class SegmentAdmin:
    """Changes segments one at a time; results and errors as those of `FlagAdmin`."""

    def __init__(self, writer: Writer, references: References) -> None:
        self._writer = writer
        self._references = references

    async def create(self, environment: str, segment: flag_pb2.Segment, *, comment: str, caller: Caller) -> Record:
        """
        Create a segment; a key that was archived may be taken again and goes on counting its versions.

        Raises:
            AlreadyExists: there is a live segment of this key.
        """
        require_key(Kind.SEGMENT, segment.key, "segment.key")
        check_comment(comment)
        new = _copy(segment)
        require_sound(new, "segment")
        async with self._writer.change(environment, caller) as change:
            taken = await change.find(Kind.SEGMENT, segment.key)
            if taken is not None and not taken.archived:
                raise AlreadyExists(f"there is a segment {segment.key!r} already", metadata={"key": segment.key})
            await self._references.require_sound(change, new)
            return change.put(new, taken, Action.CREATE, comment=comment)

    async def update(
        self, environment: str, segment: flag_pb2.Segment, *, etag: str, comment: str, caller: Caller
    ) -> Record:
        """
        Replace the definition; without a difference nothing is written.

        Raises:
            EtagMismatch: the segment was changed since it was read.
            StateConflict: it is archived.
        """
        require_key(Kind.SEGMENT, segment.key, "segment.key")
        check_comment(comment)
        new = _copy(segment)
        async with self._writer.change(environment, caller) as change:
            stored = live(Kind.SEGMENT, segment.key, await change.find(Kind.SEGMENT, segment.key))
            require_etag(etag, stored)
            new.version = stored.version
            if serialised(new) == stored.definition:
                return stored
            require_sound(new, "segment")
            await self._references.require_sound(change, new)
            return change.put(new, stored, Action.UPDATE, comment=comment)

    async def archive(self, environment: str, key: str, *, etag: str, comment: str, caller: Caller) -> Record:
        """
        Take a segment away.

        Raises:
            EtagMismatch: an etag was given, and the segment was changed since.
            StateConflict: it is archived already, or flags or segments refer to it.
        """
        require_key(Kind.SEGMENT, key)
        check_comment(comment)
        async with self._writer.change(environment, caller) as change:
            stored = live(Kind.SEGMENT, key, await change.find(Kind.SEGMENT, key))
            check_etag(etag, stored)
            require_unused(stored, (await self._references.known(change)).users(Kind.SEGMENT, key))
            return change.put(parsed_segment(stored), stored, Action.ARCHIVE, comment=comment, archived=True)


def _copy(segment: flag_pb2.Segment) -> flag_pb2.Segment:
    copy = flag_pb2.Segment()
    copy.CopyFrom(segment)
    # What a newer caller wrote cannot be checked here, so it is not stored.
    copy.DiscardUnknownFields()
    return copy
