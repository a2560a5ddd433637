"""
A service that only says that it is healthy, for tests of what runs services.

`python -m tests.support.tiny_service`; TINY_MODE is `stubborn` (SIGTERM does not end it) or `broken` (ends at once).
"""

import json
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


def main() -> None:
    """Serve on MIRANTE_FLAGS_PORT until SIGTERM."""
    mode = os.environ.get("TINY_MODE", "")
    log("info", "not for the terminal")
    if mode == "broken":
        log("error", "cannot start: no reason given")
        sys.exit(3)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: log("warning", "no") if mode == "stubborn" else ended.set())
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    server = grpc.server(ThreadPoolExecutor(2))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    server.add_insecure_port(f"localhost:{os.environ['MIRANTE_FLAGS_PORT']}")
    server.start()
    ended.wait()
    log("warning", f"drained, demo {os.environ['MIRANTE_DEMO']}")


def log(level: str, message: str) -> None:
    """Write a line as services do."""
    sys.stderr.write(json.dumps({"level": level, "message": message}) + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
