"""What a replica holds of one environment: a snapshot that answers, and entries to bring subscribers up with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from mirante.evaluation import Evaluation, Ruleset, Stamp
from mirante.replica.digest import digest_after, digest_term

from services.flags.compilation import ruleset_with
from services.flags.store import Entry, EnvironmentChanges, EnvironmentHead, Kind

EntryKey = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An environment at one revision; replaced as a whole."""

    head: EnvironmentHead
    ruleset: Ruleset
    digest: int
    """See `Transfer.digest`."""
    answers: dict[int, tuple[Evaluation, bytes]] = field(default_factory=dict, repr=False)
    """Answers that were given at this revision, serialised: see `services.flags.answers`."""

    @property
    def position(self) -> tuple[str, int]:
        """Lineage and revision."""
        return position_of(self.head)


@dataclass(frozen=True, slots=True)
class EnvironmentRules:
    """
    One environment as far as it was read. Immutable; `after` returns the next one.

    `entries` are in order of revision, archived ones included as far back as `complete_since`: what changed since an
    earlier revision than that is not known here.
    """

    snapshot: Snapshot
    entries: dict[EntryKey, Entry]
    complete_since: int

    @property
    def head(self) -> EnvironmentHead:
        """Where the environment stands."""
        return self.snapshot.head

    def changes_since(self, revision: int) -> Sequence[Entry]:
        """Return the entries above `revision`, which is at least `complete_since`, in order of revision."""
        newest_first: list[Entry] = []
        for entry in reversed(self.entries.values()):
            if entry.revision <= revision:
                break
            newest_first.append(entry)
        return newest_first[::-1]

    def live(self) -> Iterator[Entry]:
        """Yield the entries that are not archived."""
        return (entry for entry in self.entries.values() if not entry.archived)

    async def after(self, changes: EnvironmentChanges) -> "EnvironmentRules":
        """Return the rules with what changed since this revision, in the same lineage."""
        stamp = Stamp(changes.head.revision, changes.head.lineage)
        ruleset = await ruleset_with(self.snapshot.ruleset, changes.entries, stamp)
        entries = dict(self.entries)
        without, plus = [], []
        for entry in changes.entries:
            key = (entry.kind, entry.key)
            # Taken out first, so that it comes last.
            old = entries.pop(key, None)
            if old is not None and not old.archived:
                without.append(_term(old))
            if not entry.archived:
                plus.append(_term(entry))
            entries[key] = entry
        digest = digest_after(self.snapshot.digest, without=without, plus=plus)
        # What is read from revision 0 comes without archived entries.
        complete_since = self.complete_since if self.head.revision else changes.head.revision
        return EnvironmentRules(Snapshot(changes.head, ruleset, digest), entries, complete_since)

    def known_since(self, revision: int, changes: EnvironmentChanges) -> "EnvironmentRules":
        """Return the same rules with what was archived since an earlier revision, read at the same head."""
        merged = {**self.entries, **{(entry.kind, entry.key): entry for entry in changes.entries}}
        in_order = sorted(merged.items(), key=lambda item: item[1].revision)
        return replace(self, entries=dict(in_order), complete_since=revision)


def position_of(head: EnvironmentHead) -> tuple[str, int]:
    """Return lineage and revision."""
    return head.lineage, head.revision


async def load(changes: EnvironmentChanges) -> EnvironmentRules:
    """Return the rules of an environment that was read from revision 0."""
    nothing = replace(changes.head, revision=0)
    stamp = Stamp(0, changes.head.lineage)
    return await EnvironmentRules(Snapshot(nothing, Ruleset.empty(stamp), 0), {}, 0).after(changes)


def _term(entry: Entry) -> int:
    return digest_term(entry.kind.value, entry.key, entry.version)
