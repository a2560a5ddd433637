"""The four flags that every evaluator is given, and the users that ask."""

from collections.abc import Callable
from typing import Final, TypeAlias

User: TypeAlias = dict[str, str]
Ask: TypeAlias = Callable[[object], object]
"""Evaluates one flag, with details where the evaluator has them, for one prepared user."""

CASES: Final = ("static", "rule", "percentage", "three_variants")
"""
static: on for everybody.
rule: plan in {premium, pro} and regiao in {Sul}, which all users fulfil.
percentage: the same two conditions for {ouro} and {Norte}, which nobody fulfils, then 25 % on.
three_variants: red 50 %, green 30 %, blue 20 %.
"""

USERS: Final[tuple[User, ...]] = tuple(
    [{"id": f"user-{number}", "plan": "premium", "regiao": "Sul"} for number in range(1_000)]
)

PLANS, REGIONS = ["premium", "pro"], ["Sul"]
OTHER_PLANS, OTHER_REGIONS = ["ouro"], ["Norte"]
SALT: Final = "4f1d09c2a7b8e635"
COVERAGE_SALT: Final = "b09e7d6c5a4f3e21"
