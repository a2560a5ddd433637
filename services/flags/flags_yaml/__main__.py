"""
Reads a document from standard input, for a service that must not be held up by it.

Writes a serialised `Transfer` with the definitions, or, with the exit code REFUSED, a refusal as JSON.
"""

import json
import sys

from mirante.api.flags.v1.flag_sync_service_pb2 import Transfer

from services.flags.flags_yaml import read_definitions
from services.flags.flags_yaml.aside import REFUSED
from services.runtime.errors import InvalidRequest


def main() -> int:
    """Read, write, and return the exit code."""
    try:
        found = read_definitions(sys.stdin.buffer.read().decode())
    except InvalidRequest as error:
        violations = [[violation.field, violation.description] for violation in error.violations]
        sys.stdout.write(json.dumps({"reason": error.reason, "violations": violations}))
        return REFUSED
    transfer = Transfer(flags=found.flags.values(), segments=found.segments.values())
    sys.stdout.buffer.write(transfer.SerializeToString())
    return 0


if __name__ == "__main__":
    sys.exit(main())
