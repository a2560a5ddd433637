"""A ClickHouse server, over HTTP. Blocking."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from services.runtime.errors import Unavailable
from services.runtime.settings import SettingsError

_VARIABLE: Final = "MIRANTE_ANALYTICS_CLICKHOUSE_URL"
_CODE: Final = re.compile(r"code: (\d+)")
_SCHEMES: Final = {"http": 8123, "https": 8443}
_CONNECT_SECONDS: Final = 5
_ANSWER_SECONDS: Final = 300
_WRITING: Final = {
    # A row that is sent again is to be stored again: what it was may have been taken away.
    "insert_deduplicate": 0,
    # What was deleted is gone when the call returns, on all replicas.
    "mutations_sync": 2,
}
_READING: Final = {
    # An event's partition follows from its time, which never changes.
    "do_not_merge_across_partitions_select_final": 1,
    # Of a caller who went away; the server looks at that for queries that are said to be read-only.
    "cancel_http_readonly_queries_on_client_close": 1,
    "readonly": 2,
}


class ClickHouseServer:
    """
    A server, and the database in it that is ours.

    It connects when it is first used, and may be used from threads.

    Args:
        url: `http(s)://user:password@host:port/database`.

    Raises:
        SettingsError: the URL is none, or the package is not installed; without the URL, which holds a password.
    """

    def __init__(self, url: str) -> None:
        self._parameters = parameters_of(url)
        try:
            import clickhouse_connect  # noqa: PLC0415 - only for who uses it
        except ImportError:
            raise SettingsError(f"{_VARIABLE}: needs the package clickhouse-connect") from None
        self._open = clickhouse_connect.get_client
        self._client: Any = None

    def rows(self, sql: str, *, seconds: float | None = None, memory_bytes: int | None = None) -> list[list[Any]]:
        """
        Run a query and return its rows: whole numbers, floats, texts, None, lists and tuples (as lists) of those.

        Args:
            sql: a SELECT.
            seconds: how long it may run.
            memory_bytes: how much memory it may use.

        Raises:
            Unavailable: the server does not answer, or refuses it.
        """
        settings: dict[str, Any] = dict(_READING)
        if seconds is not None:
            settings["max_execution_time"] = seconds
        if memory_bytes is not None:
            settings["max_memory_usage"] = memory_bytes
        with _told():
            answer = self._connected().raw_query(sql, settings=settings, fmt="JSONCompact")
        return list(json.loads(answer)["data"])

    def run(self, sql: str) -> None:
        """Run a statement that answers nothing; raises as `rows`."""
        with _told():
            self._connected().command(sql, settings=dict(_WRITING))

    def insert(self, table: str, rows: Any) -> None:
        """Insert a `pyarrow.Table`, whose columns have the names of the table's; raises as `rows`."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
        with _told():
            self._connected().raw_insert(
                table, rows.column_names, sink.getvalue().to_pybytes(), settings=dict(_WRITING), fmt="ArrowStream"
            )

    def close(self) -> None:
        """Leave the server."""
        if self._client is not None:
            self._client.close()

    def _connected(self) -> Any:
        if self._client is None:
            self._client = self._open(**self._parameters)
        return self._client


def parameters_of(url: str) -> dict[str, Any]:
    """
    Return a URL as what the client takes.

    Raises:
        SettingsError: it is none; without the URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError(f"{_VARIABLE}: is no URL") from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise SettingsError(f"{_VARIABLE}: is no URL such as http://user:password@host:8123/database")
    return {
        "host": parts.hostname,
        "port": port or _SCHEMES[parts.scheme],
        "secure": parts.scheme == "https",
        "username": unquote(parts.username or "default"),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.strip("/")) or "default",
        # Queries of one session wait for each other.
        "autogenerate_session_id": False,
        "connect_timeout": _CONNECT_SECONDS,
        "send_receive_timeout": _ANSWER_SECONDS,
    }


@contextmanager
def _told() -> Iterator[None]:
    """Say that the server cannot be used, without its address and what was asked."""
    from clickhouse_connect.driver.exceptions import ClickHouseError  # noqa: PLC0415 - see above

    try:
        yield
    except ClickHouseError as error:
        raise ClickHouseUnavailable(_code(error.args)) from None


class ClickHouseUnavailable(Unavailable):
    """The server does not answer, or refused what was asked; `code` is the number of its error, 0 without one."""

    def __init__(self, code: int) -> None:
        about = f"error {code} of the server" if code else "no answer"
        super().__init__(f"ClickHouse cannot be asked: {about}", retry_seconds=1.0)
        self.code = code


def _code(said: Sequence[object]) -> int:
    found = _CODE.search(str(said[0] if said else ""))
    return int(found[1]) if found else 0
