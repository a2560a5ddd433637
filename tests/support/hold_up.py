"""Runs what `mirante up` runs, with the tiny service in place of the real ones: `[--no-demo] [--json]`."""

import sys

from typer import Exit

from services.cli.output import Output
from services.cli.up.command import hold
from services.cli.up.processes import ServiceProcess

TINY = ServiceProcess("tiny", "tests.support.tiny_service", "MIRANTE_FLAGS_HOST", "MIRANTE_FLAGS_PORT", 50051)

if __name__ == "__main__":
    try:
        hold(Output(as_json="--json" in sys.argv), demo="--no-demo" not in sys.argv, services=(TINY,))
    except Exit as ended:
        sys.exit(ended.exit_code)
