"""The context of handlers that take and give bytes."""

from typing import Any, TypeAlias

import grpc.aio

BytesContext: TypeAlias = grpc.aio.ServicerContext[Any, bytes]
"""`read` returns the bytes of a message, or `grpc.aio.EOF` when the caller has ended its side."""
