"""Whether a port is to be had, asked before anything is started."""

import errno
import socket

from services.cli.refusals import Refusal


def refuse_taken(port: int, variable: str) -> None:
    """Raise Refusal when somebody listens on the port: services share ports, so they would not notice themselves."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of an earlier run that linger are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except PermissionError:
            raise Refusal(f"port {port} needs privileges", f"choose one above 1023: {variable}=50051") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise Refusal(
                f"port {port} is taken", f"stop what listens there, or choose another port: {variable}={port + 100}"
            ) from None
