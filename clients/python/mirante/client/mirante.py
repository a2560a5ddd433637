"""The client with its blocking face, and what both faces share."""

import dataclasses
import os
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from mirante.client.in_process import InProcessRules
from mirante.client.listeners import ChangeListener, StatusListener
from mirante.client.reader import NO_CONTEXT, FlagReader, failed, with_default
from mirante.client.remote import RemoteFlags
from mirante.client.settings import (
    TELEMETRY_ADDRESS_VARIABLE,
    ClientSettings,
    Mode,
    Timing,
    Tls,
    settings_from_environment,
)
from mirante.client.status import Status
from mirante.errors import NotSupported
from mirante.evaluation.evaluate import evaluate
from mirante.evaluation.model import Context, Evaluation, EvaluationError, FlagType, JsonValue, Stamp
from mirante.telemetry.exposures import Exposures
from mirante.telemetry.face import NoTelemetry, Recorder, TelemetryFace
from mirante.telemetry.settings import Delivery, TelemetrySettings
from mirante.telemetry.telemetry import Telemetry

_now = time.time


class MiranteClient(FlagReader, TelemetryFace):
    """What `Mirante` and `AsyncMirante` share: everything that neither waits nor blocks."""

    def __init__(
        self,
        address: str,
        *,
        api_key: str,
        environment: str = "",
        mode: Mode = "in_process",
        name: str = "python",
        cache_dir: Path | str | None = None,
        tls: Tls | bool = False,
        timing: Timing = Timing(),  # noqa: B008 - immutable
        telemetry_address: str | None = None,
        spool_dir: Path | str | None = None,
        release: str = "",
        exposures: bool = True,
        delivery: Delivery = Delivery(),  # noqa: B008 - immutable
    ) -> None:
        """
        Start a client of the flag service at `address` (host:port).

        Args:
            address: where the flag service listens.
            api_key: a key of the role "server" (or more).
            environment: needed only when the key holds several.
            mode: "in_process" keeps the rules here and evaluates without I/O; "remote" asks the service every time.
            name: what people see when they look for processes that lack a change.
            cache_dir: where the last known rules are kept for starts while the service is away; None keeps none.
            tls: True for the system's authorities, or files.
            timing: for tests.
            telemetry_address: where the telemetry service listens; without it `track` and its like take nothing.
            spool_dir: where events are kept until they are delivered, also beyond the end of the process; None keeps
                them in memory.
            release: of the application, for instance a commit; events carry it.
            exposures: whether to record who was given which variant, as events `flag_exposta`.
            delivery: bounds and times of delivery.

        Raises:
            InvalidSettings: one of these cannot be used; the message names it.
        """
        encryption = tls if isinstance(tls, Tls) else Tls() if tls else None
        cache = None if cache_dir is None else Path(cache_dir)
        settings = ClientSettings(address, api_key, environment, mode, name, cache, encryption, timing)
        self._source = RemoteFlags(settings) if mode == "remote" else InProcessRules(settings)
        # None in remote mode. Looked up here because `details` has no time for more.
        self._replica = self._source.replica if isinstance(self._source, InProcessRules) else None
        self._exposures: Exposures | None = None
        self._telemetry: Recorder = NoTelemetry()
        if telemetry_address is None:
            return
        connection = dataclasses.replace(settings, address=telemetry_address)
        spool = None if spool_dir is None else Path(spool_dir)
        self._telemetry = telemetry = Telemetry(TelemetrySettings(connection, delivery, spool, release))
        if exposures:
            self._exposures = telemetry.exposures
            # In the place of the method, so that without exposures evaluating costs nothing more.
            self.__dict__["details"] = telemetry.exposures.recording(self.details)

    @classmethod
    def from_environment(
        cls,
        *,
        environment: str = "",
        mode: Mode = "in_process",
        name: str = "python",
        cache_dir: Path | str | None = None,
        tls: Tls | bool = False,
        spool_dir: Path | str | None = None,
        release: str = "",
        exposures: bool = True,
    ) -> Self:
        """
        Start a client with the address of MIRANTE_ADDRESS and the key of MIRANTE_API_KEY.

        Telemetry goes to the address of MIRANTE_TELEMETRY_ADDRESS, if that is set.
        """
        address, api_key = settings_from_environment()
        return cls(
            address,
            api_key=api_key,
            environment=environment,
            mode=mode,
            name=name,
            cache_dir=cache_dir,
            tls=tls,
            telemetry_address=os.environ.get(TELEMETRY_ADDRESS_VARIABLE) or None,
            spool_dir=spool_dir,
            release=release,
            exposures=exposures,
        )

    def details(
        self,
        flag_key: str,
        context: Context | None = None,
        default: JsonValue = None,
        expected_type: FlagType | None = None,
    ) -> Evaluation:
        """See `FlagReader`. In remote mode this blocks until the service answers or the deadline passes."""
        replica = self._replica
        if replica is None:
            return self._remote().details(flag_key, context, default, expected_type)
        try:
            ruleset = replica.ruleset
            # Reading the clock takes longer than finding out that nobody will look at it.
            now = _now() if flag_key in ruleset.timed else 0.0
            evaluation = evaluate(ruleset, flag_key, NO_CONTEXT if context is None else context, now, expected_type)
        except Exception as error:  # noqa: BLE001 - no evaluation raises, not even at the end of the stack
            return failed(flag_key, Stamp(0), EvaluationError.INTERNAL, type(error).__name__, default)
        if evaluation.error is None:
            return evaluation
        if replica.has_rules:
            return with_default(evaluation, default)
        message = "no rules have arrived yet"
        return failed(flag_key, evaluation.stamp, EvaluationError.NOT_READY, message, default)

    def all_flags(self, context: Context | None = None) -> Mapping[str, Evaluation]:
        """See `FlagReader`. In remote mode this blocks."""
        if self._replica is None:
            return self._remote().all_flags(context)
        ruleset = self._replica.ruleset
        now, context = _now(), NO_CONTEXT if context is None else context
        return {key: evaluate(ruleset, key, context, now) for key in sorted({*ruleset.flags, *ruleset.broken})}

    def on_change(self, listener: ChangeListener, keys: Collection[str] | None = None) -> Callable[[], None]:
        """
        Call `listener` with the keys of flags whose answers may differ; return a function that ends that.

        It is called on a thread of the client, one call at a time; changes that arrive meanwhile are told together.
        What it raises is logged. Times (`starts_at`, `-7d`) pass without a call.

        Raises:
            NotSupported: in remote mode.
        """
        return self._in_process().listeners.on_change(listener, keys)

    def on_status_change(self, listener: StatusListener) -> Callable[[], None]:
        """Call `listener` with the `Status` when the state changes; as `on_change` in all else."""
        return self._in_process().listeners.on_status(listener)

    @property
    def status(self) -> Status:
        """The state of the client, and the revision that answers."""
        return self._source.status

    def _in_process(self) -> InProcessRules:
        if not isinstance(self._source, InProcessRules):
            raise NotSupported("listeners need mode='in_process': by call, nobody tells this process of changes")
        return self._source

    def _remote(self) -> RemoteFlags:
        assert isinstance(self._source, RemoteFlags)  # noqa: S101 - what has no replica is remote
        return self._source


class Mirante(MiranteClient):
    """
    A client of the flag service and of telemetry. Make one per process and keep it; `close` it, or use it in a `with`
    statement.

    Any thread may use it, also while the process forks: parent and children each go on by themselves.
    """

    def wait_until_ready(self, timeout: float | None = 10.0) -> bool:
        """
        Wait until the service has confirmed the rules; return whether it has.

        Not needed before evaluating: until then the last known rules answer, or the caller's defaults.
        """
        return self._source.wait_until_ready(timeout)

    def flush(self, timeout: float = 10.0) -> int:
        """
        Deliver without lingering; return how many events are left, of those that came meanwhile too.

        Waits until everything that was tracked before this call is delivered, or for `timeout` seconds.
        """
        return self._telemetry.flush(timeout)

    def flush_to_spool(self, timeout: float = 1.0) -> bool:
        """Wait until everything that was tracked before this call is on disk; return whether it is."""
        return self._telemetry.flush_to_spool(timeout)

    def close(self) -> None:
        """
        Deliver what was tracked, for `delivery.exit_timeout` seconds at most, and leave the services.

        Evaluations still answer from the last rules (in remote mode with their defaults).
        """
        self._telemetry.close()
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
