"""A ClickHouse server over HTTP in this process, with ClickHouse's own engine behind it."""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.report_events import ChdbEvents

_ROOT = Path(__file__).parents[2]
_HEADERS = {"X-ClickHouse-Timezone": "UTC", "X-ClickHouse-Server-Display-Name": "chdb"}


class ClickHouseHttp:
    """
    The server.

    Attributes:
        url: with which it is reached.
        queries: that were sent, newest last.
        settings: of the newest.
        refuses_after: after so many more requests one is answered with an error, and not carried out; None: never.
        loses_after: the same, and it is carried out.
    """

    def __init__(self, engine: ChdbEvents, port: int) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self.url = f"http://mirante:segredo@127.0.0.1:{port}/default"
        self.queries: list[str] = []
        self.settings: dict[str, str] = {}
        self.refuses_after: int | None = None
        self.loses_after: int | None = None

    def answer(self, query: str, body: bytes, format_: str) -> bytes:
        """Run a query, with the rows of an insert as the body; raise RuntimeError with what the engine says."""
        with self._turn:
            self.queries.append(query)
            refused, self.refuses_after = _counted(self.refuses_after)
            if refused:
                raise RuntimeError("Code: 202. DB::Exception: Too many simultaneous queries. (TOO_MANY)")
            content = self._run(query, body, format_)
            lost, self.loses_after = _counted(self.loses_after)
            if lost:
                raise RuntimeError("Code: 209. DB::Exception: Socket timeout. (SOCKET_TIMEOUT)")
            return content

    def _run(self, query: str, body: bytes, format_: str) -> bytes:
        head, _, named = query.rpartition(" FORMAT ")
        if body:
            query, rows = _of_file(head, named.strip(), body)
            try:
                return self._engine.answer(query, format_)
            finally:
                rows.unlink()
        if query.startswith("ALTER"):
            # As the setting that comes with it says.
            query += " SETTINGS mutations_sync = 2"
        # Formats of rows are named where there are rows.
        return self._engine.answer(head, named.strip()) if head else self._engine.answer(query, format_)


@contextmanager
def clickhouse_http(engine: ChdbEvents) -> Iterator[ClickHouseHttp]:
    """Run a server."""
    served: list[ClickHouseHttp] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"Ok.\n")

        def do_POST(self) -> None:
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            served[0].settings = asked
            body = self._body()
            query = asked.get("query", "")
            if not query:
                # Rows stand behind the line that says which format they have.
                first, _, rows = body.partition(b"\n")
                has_rows = first.startswith(b"INSERT") and b" FORMAT " in first
                query, body = (first.decode(), rows) if has_rows else (body.decode(), b"")
            try:
                content = served[0].answer(query, body, asked.get("default_format", "TabSeparated"))
            except RuntimeError as error:
                code = str(error).partition("Code: ")[2].partition(".")[0]
                self._answer(str(error).encode(), 500, {"X-ClickHouse-Exception-Code": code})
            else:
                self._answer(content)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            content = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content

        def _answer(self, content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {**_HEADERS, **(headers or {}), "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.append(ClickHouseHttp(engine, server.server_address[1]))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _counted(left: int | None) -> tuple[bool, int | None]:
    return (False, None) if left is None else (left == 0, left - 1 if left else None)


def _of_file(head: str, format_: str, body: bytes) -> tuple[str, Path]:
    """Return an insert of the rows of a file, and the file."""
    with tempfile.NamedTemporaryFile(suffix=".rows", delete=False) as opened:
        opened.write(body)
    columns = head.partition("(")[2].rpartition(")")[0]
    return f"{head} SELECT {columns} FROM file('{opened.name}', '{format_}')", Path(opened.name)  # noqa: S608 - of tests


@contextmanager
def clickhouse_process() -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run a server in a process of its own: there can be one engine in each; yields its URL and the process."""
    command = [sys.executable, "-m", "tests.support.clickhouse_http"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    """Serve until stdin ends; the first line of stdout is the URL."""
    engine = ChdbEvents()
    with clickhouse_http(engine) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
