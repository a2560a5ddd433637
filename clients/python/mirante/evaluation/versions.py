"""Semantic versions, ordered by the precedence rules of Semantic Versioning 2.0.0, section 11 (semver.org)."""

import functools
import re
from typing import TypeAlias

Precedence: TypeAlias = tuple[int, int, int, tuple[object, ...]]
"""Compares as the versions do. The last part orders pre-releases, all of which come before the release itself."""

_LONGEST = 256
_VERSION = re.compile(
    r"[vV]?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?",
    re.ASCII,
)
_RELEASE: tuple[object, ...] = (1,)
_BEFORE_ALL_PRERELEASES: tuple[object, ...] = (0,)


def precedence(text: str) -> Precedence | None:
    """Return the sort key of a version; None when `text` is none. A leading "v" is dropped, missing parts are 0."""
    return _precedence(text) if len(text) <= _LONGEST else None


@functools.lru_cache(maxsize=4096)
def _precedence(text: str) -> Precedence | None:
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    major, minor, patch, prerelease = match.groups()
    order = _RELEASE
    if prerelease is not None:
        # Numeric identifiers come before alphanumeric ones, which compare in ASCII order.
        order = (0, *((0, int(part)) if part.isdigit() else (1, part) for part in prerelease.split(".")))
    return int(major), int(minor or 0), int(patch or 0), order


def tilde_end(version: Precedence) -> Precedence:
    """Return the bound below which "~version" holds: the next minor version, its pre-releases excluded."""
    major, minor, _, _ = version
    return major, minor + 1, 0, _BEFORE_ALL_PRERELEASES


def caret_end(version: Precedence) -> Precedence:
    """Return the bound below which "^version" holds: the next change of the leftmost part that is not zero."""
    major, minor, patch, _ = version
    if major:
        return major + 1, 0, 0, _BEFORE_ALL_PRERELEASES
    if minor:
        return 0, minor + 1, 0, _BEFORE_ALL_PRERELEASES
    return 0, 0, patch + 1, _BEFORE_ALL_PRERELEASES
