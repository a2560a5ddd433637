"""Short versions of what `make load` does for longer."""

import pytest

pytest.register_assert_rewrite("tests.support.faults")
