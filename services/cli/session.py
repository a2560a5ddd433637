"""The connections to the services for the time of a command."""

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
from mirante.api.flags.v1 import people_service_pb2_grpc as people_grpc
from mirante.api.flags.v1 import rollout_service_pb2_grpc as rollouts_grpc
from mirante.api.flags.v1 import segment_admin_service_pb2 as segments_pb2
from mirante.api.flags.v1 import segment_admin_service_pb2_grpc as segments_grpc
from mirante.api.metrics.v1 import alert_service_pb2 as alerts_pb2
from mirante.api.metrics.v1 import alert_service_pb2_grpc as alerts_grpc
from mirante.api.metrics.v1 import analytics_service_pb2_grpc as analytics_grpc
from mirante.api.metrics.v1 import analytics_store_service_pb2_grpc as analytics_store_grpc
from mirante.api.metrics.v1 import experiment_service_pb2_grpc as experiments_grpc
from mirante.api.metrics.v1 import programme_service_pb2_grpc as programme_grpc
from mirante.api.metrics.v1 import sql_service_pb2_grpc as sql_grpc
from mirante.api.telemetry.v1 import catalogue_service_pb2_grpc as catalogue_grpc
from mirante.api.telemetry.v1 import event_log_service_pb2_grpc as log_grpc
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import identity_service_pb2_grpc as identity_grpc
from mirante.api.telemetry.v1 import ingest_service_pb2_grpc as ingest_grpc
from mirante.api.telemetry.v1 import privacy_service_pb2_grpc as privacy_grpc

from services.cli.connection import Connection
from services.cli.output import Output
from services.cli.refusals import Refusal, from_rpc_error

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer", bound=Message)

_TIMEOUT_SECONDS = 10.0
_PAGE_SIZE = 1000
_METRICS_PACKAGE = alerts_pb2.DESCRIPTOR.package
_TELEMETRY_PACKAGE = event_pb2.DESCRIPTOR.package


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
        """The channel to the flag service, opened when it is first needed."""
        return self.connection.open(self.connection.address)

    @functools.cached_property
    def telemetry_channel(self) -> grpc.Channel:
        """The channel to the telemetry service."""
        return self.connection.open(self.connection.telemetry_address)

    @functools.cached_property
    def metrics_channel(self) -> grpc.Channel:
        """The channel to the metrics service."""
        return self.connection.open(self.connection.metrics_address)

    @functools.cached_property
    def alerts(self) -> alerts_grpc.AlertServiceStub:
        """Alerts, their rules, silences and webhooks."""
        return alerts_grpc.AlertServiceStub(self.metrics_channel)

    @functools.cached_property
    def analytics(self) -> analytics_grpc.AnalyticsServiceStub:
        """Reports, and what is saved of them."""
        return analytics_grpc.AnalyticsServiceStub(self.metrics_channel)

    @functools.cached_property
    def analytics_store(self) -> analytics_store_grpc.AnalyticsStoreServiceStub:
        """The store that reports are made from."""
        return analytics_store_grpc.AnalyticsStoreServiceStub(self.metrics_channel)

    @functools.cached_property
    def sql(self) -> sql_grpc.SqlServiceStub:
        """Questions in SQL."""
        return sql_grpc.SqlServiceStub(self.metrics_channel)

    @functools.cached_property
    def experiments(self) -> experiments_grpc.ExperimentServiceStub:
        """Experiments, their results and decisions."""
        return experiments_grpc.ExperimentServiceStub(self.metrics_channel)

    @functools.cached_property
    def programme(self) -> programme_grpc.ProgrammeServiceStub:
        """Lives of flags, and how the programme does."""
        return programme_grpc.ProgrammeServiceStub(self.metrics_channel)

    @functools.cached_property
    def flags(self) -> flags_grpc.FlagAdminServiceStub:
        """Definitions of flags."""
        return flags_grpc.FlagAdminServiceStub(self.channel)

    @functools.cached_property
    def segments(self) -> segments_grpc.SegmentAdminServiceStub:
        """Definitions of segments."""
        return segments_grpc.SegmentAdminServiceStub(self.channel)

    @functools.cached_property
    def rollouts(self) -> rollouts_grpc.RolloutServiceStub:
        """Rollout plans."""
        return rollouts_grpc.RolloutServiceStub(self.channel)

    @functools.cached_property
    def access(self) -> access_grpc.AccessAdminServiceStub:
        """Environments and API keys."""
        return access_grpc.AccessAdminServiceStub(self.channel)

    @functools.cached_property
    def people(self) -> people_grpc.PeopleAdminServiceStub:
        """People who use the dashboard."""
        return people_grpc.PeopleAdminServiceStub(self.channel)

    @functools.cached_property
    def evaluation(self) -> evaluation_grpc.EvaluationServiceStub:
        """Answers."""
        return evaluation_grpc.EvaluationServiceStub(self.channel)

    @functools.cached_property
    def sync(self) -> sync_grpc.FlagSyncServiceStub:
        """Rules as they change."""
        return sync_grpc.FlagSyncServiceStub(self.channel)

    @functools.cached_property
    def ingest(self) -> ingest_grpc.IngestServiceStub:
        """Where events go in."""
        return ingest_grpc.IngestServiceStub(self.telemetry_channel)

    @functools.cached_property
    def event_log(self) -> log_grpc.EventLogServiceStub:
        """The log of events."""
        return log_grpc.EventLogServiceStub(self.telemetry_channel)

    @functools.cached_property
    def catalogue(self) -> catalogue_grpc.CatalogueServiceStub:
        """The catalogue of events, its coverage, and dead letters."""
        return catalogue_grpc.CatalogueServiceStub(self.telemetry_channel)

    @functools.cached_property
    def identity(self) -> identity_grpc.IdentityServiceStub:
        """Traits and aliases."""
        return identity_grpc.IdentityServiceStub(self.telemetry_channel)

    @functools.cached_property
    def privacy(self) -> privacy_grpc.PrivacyServiceStub:
        """Export and erasure of subjects and tenants."""
        return privacy_grpc.PrivacyServiceStub(self.telemetry_channel)

    def call(
        self,
        method: "grpc.UnaryUnaryMultiCallable[Request, Answer]",
        request: Request,
        *,
        timeout_seconds: float | None = None,
    ) -> Answer:
        """
        Return the answer to one call.

        Args:
            method: of one of the stubs.
            request: what it takes.
            timeout_seconds: how long it may take; None for the session's usual time.

        Raises:
            Refusal: the call failed. For a flag or segment that does not exist it says which one may have been meant.
        """
        try:
            return method(request, metadata=self.metadata, timeout=timeout_seconds or self._timeout_seconds)
        except grpc.RpcError as error:
            refusal = self.refusal(error, request)
            self._suggest(refusal)
            raise refusal from None

    def refusal(self, error: grpc.RpcError, request: Message) -> Refusal:
        """Return what the failure of a call with this request means; the request tells which service it went to."""
        if request.DESCRIPTOR.file.package == _TELEMETRY_PACKAGE:
            return from_rpc_error(error, self.connection.telemetry_address, "--telemetry-address")
        if request.DESCRIPTOR.file.package == _METRICS_PACKAGE:
            return from_rpc_error(error, self.connection.metrics_address, "--metrics-address")
        return from_rpc_error(error, self.connection.address)

    def flag_keys(self) -> list[str]:
        """Return the keys of the environment's first thousand flags."""
        request = flags_pb2.ListFlagsRequest(environment=self.environment, page_size=_PAGE_SIZE)
        return [record.flag.key for record in self.call(self.flags.ListFlags, request).records]

    def segment_keys(self) -> list[str]:
        """Return the keys of the environment's first thousand segments."""
        request = segments_pb2.ListSegmentsRequest(environment=self.environment, page_size=_PAGE_SIZE)
        return [record.segment.key for record in self.call(self.segments.ListSegments, request).records]

    def close(self) -> None:
        """Close the channels that there are."""
        for name in ("channel", "telemetry_channel", "metrics_channel"):
            if name in self.__dict__:
                self.__dict__[name].close()

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
