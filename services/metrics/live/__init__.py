"""
The live metrics of tenants, made from entries of the log. Pure: no I/O, and the clock is an argument.

Time is counted in whole minutes since 1970 (UTC). A window of W minutes at minute m is (m - W, m].
"""

from typing import Final

DAY: Final = 1_440
HOUR: Final = 60
FUTURE: Final = 61
"""Events may lie so many minutes ahead."""
REACH: Final = 26 * HOUR
"""Minutes that are remembered: a day, the longest window, and an hour for what is written late."""
