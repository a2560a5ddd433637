"""What no evaluator can beat: a bare function call, one dict look-up and one hash."""

from collections.abc import Sequence

import mmh3

from benchmarks.evaluators.cases import CASES, SALT, USERS, Ask, User

VERSION = ""


def prepare() -> tuple[Sequence[User], dict[str, Ask]]:
    """Return the users and, by case, how to ask."""
    flags = {case: number for number, case in enumerate(CASES)}

    def ask(key: str, user: User) -> tuple[int, int]:
        return flags[key], mmh3.hash(SALT + user["id"], 0, False)

    return USERS, {case: lambda user, case=case: ask(case, user) for case in CASES}  # type: ignore[misc]
