"""One connection to the service for the time of a command."""

import difflib
import functools
from typing import TypeVar

import grpc
from google.protobuf.message import Message
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.flags.v1 import access_admin_service_pb2_grpc as access_grpc
from mirante.api.flags.v1 import evaluation_service_pb2_grpc as evaluation_grpc
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_admin_service_pb2_grpc as flags_grpc
from mirante.api.flags.v1 import flag_sync_service_pb2_grpc as sync_grpc
from mirante.api.flags.v1 import segment_admin_service_pb2 as segments_pb2
from mirante.api.flags.v1 import segment_admin_service_pb2_grpc as segments_grpc

from services.cli.connection import Connection
from services.cli.output import Output
from services.cli.refusals import Refusal, from_rpc_error

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer", bound=Message)

_TIMEOUT_SECONDS = 10.0
_PAGE_SIZE = 1000


class Session:
    """Stubs of the services, and how calls are made: with the key, a deadline, and refusals that people understand."""

    def __init__(self, connection: Connection, output: Output, *, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        self.connection = connection
        self.output = output
        self.environment = connection.environment
        self.metadata = (("authorization", f"Bearer {connection.api_key}"),)
        self._timeout_seconds = timeout_seconds

    @functools.cached_property
    def channel(self) -> grpc.Channel:
        """The channel, opened when it is first needed."""
        return self.connection.open()

    @functools.cached_property
    def flags(self) -> flags_grpc.FlagAdminServiceStub:
        """Definitions of flags."""
        return flags_grpc.FlagAdminServiceStub(self.channel)

    @functools.cached_property
    def segments(self) -> segments_grpc.SegmentAdminServiceStub:
        """Definitions of segments."""
        return segments_grpc.SegmentAdminServiceStub(self.channel)

    @functools.cached_property
    def access(self) -> access_grpc.AccessAdminServiceStub:
        """Environments and API keys."""
        return access_grpc.AccessAdminServiceStub(self.channel)

    @functools.cached_property
    def evaluation(self) -> evaluation_grpc.EvaluationServiceStub:
        """Answers."""
        return evaluation_grpc.EvaluationServiceStub(self.channel)

    @functools.cached_property
    def sync(self) -> sync_grpc.FlagSyncServiceStub:
        """Rules as they change."""
        return sync_grpc.FlagSyncServiceStub(self.channel)

    def call(self, method: "grpc.UnaryUnaryMultiCallable[Request, Answer]", request: Request) -> Answer:
        """
        Return the answer to one call.

        Raises:
            Refusal: the call failed. For a flag or segment that does not exist it says which one may have been meant.
        """
        try:
            return method(request, metadata=self.metadata, timeout=self._timeout_seconds)
        except grpc.RpcError as error:
            refusal = from_rpc_error(error, self.connection.address)
            self._suggest(refusal)
            raise refusal from None

    def flag_keys(self) -> list[str]:
        """Return the keys of the environment's first thousand flags."""
        request = flags_pb2.ListFlagsRequest(environment=self.environment, page_size=_PAGE_SIZE)
        return [record.flag.key for record in self.call(self.flags.ListFlags, request).records]

    def segment_keys(self) -> list[str]:
        """Return the keys of the environment's first thousand segments."""
        request = segments_pb2.ListSegmentsRequest(environment=self.environment, page_size=_PAGE_SIZE)
        return [record.segment.key for record in self.call(self.segments.ListSegments, request).records]

    def close(self) -> None:
        """Close the channel if there is one."""
        if "channel" in self.__dict__:
            self.channel.close()

    def _suggest(self, refusal: Refusal) -> None:
        missing = refusal.metadata.get("flag_key") or refusal.metadata.get("segment_key")
        keys = {
            _reason(reasons.ERROR_REASON_FLAG_NOT_FOUND): self.flag_keys,
            _reason(reasons.ERROR_REASON_SEGMENT_NOT_FOUND): self.segment_keys,
        }.get(refusal.reason)
        if not missing or keys is None:
            return
        try:
            present = keys()
        except Refusal:
            return
        near = difflib.get_close_matches(missing, present, n=3) or [key for key in present if missing in key][:3]
        if near:
            refusal.hint = f"did you mean {' or '.join(near)}?"


def _reason(number: reasons.ErrorReason.ValueType) -> str:
    return reasons.ErrorReason.Name(number).removeprefix("ERROR_REASON_")
