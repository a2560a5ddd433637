"""
Servers that answer after a while, count what arrives, and do nothing else.

`python -m benchmarks.counting_servers` runs the gRPC one without delay and prints its port.
"""

import contextlib
import gzip
import json
import sys
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2

INGEST = "/mirante.api.telemetry.v1.IngestService/Ingest"


class IngestServer(grpc.GenericRpcHandler):
    """Accepts every event after `delay` seconds; `ids` are those that arrived."""

    def __init__(self, delay: float) -> None:
        self.ids: set[bytes] = set()
        self._delay = delay
        self._server = grpc.server(futures.ThreadPoolExecutor(16), handlers=[self])
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:  # type: ignore[type-arg]
        """Return the handler of a method."""
        if details.method != INGEST:
            return None
        return grpc.unary_unary_rpc_method_handler(
            self._ingest,
            request_deserializer=ingest_pb2.IngestRequest.FromString,
            response_serializer=ingest_pb2.IngestResponse.SerializeToString,
        )

    def close(self) -> None:
        """Stop."""
        self._server.stop(grace=None).wait()

    def wait(self) -> None:
        """Serve until killed."""
        self._server.wait_for_termination()

    def _ingest(self, request: ingest_pb2.IngestRequest, _context: object) -> ingest_pb2.IngestResponse:
        self.ids.update(event.id for event in request.events)
        time.sleep(self._delay)
        return ingest_pb2.IngestResponse(statuses=[ingest_pb2.EVENT_STATUS_ACCEPTED] * len(request.events))


class BatchServer:
    """The same over HTTP, for bodies as PostHog's clients send them."""

    def __init__(self, delay: float) -> None:
        self.ids: set[str] = set()
        ids = self.ids

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Take a batch."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                batch: list[dict[str, Any]] = json.loads(body)["batch"]
                ids.update(event["uuid"] for event in batch)
                time.sleep(delay)
                # Whoever ends without waiting for the answer has been counted.
                with contextlib.suppress(ConnectionError):
                    self._answer(b'{"status": 1}')

            def _answer(self, answer: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def main() -> None:
    """Serve until killed."""
    server = IngestServer(0.0)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.wait()


if __name__ == "__main__":
    main()
