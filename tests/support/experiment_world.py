"""Experiments on a real database, beside flags and a catalogue that tests make up."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2, rollout_pb2
from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2

from services.metrics.analytics.store.reading import AnalyticsStore
from services.metrics.experiments.deciding import Deciding
from services.metrics.experiments.desk import Asked, ExperimentDesk
from services.metrics.experiments.results_desk import ResultsDesk
from services.metrics.experiments.storing.experiments import PostgresExperiments
from services.metrics.experiments.storing.looks import PostgresLooks
from services.runtime.access import Caller, Role
from services.runtime.errors import EtagMismatch, NotFound
from services.runtime.migrations import migrate
from services.runtime.postgres.pool import PostgresPool, open_pool
from tests.support.experiment_records import ARMS, START_S

PRODUCTION = "production"
ANA = Caller("key-1", "ana", Role.EDITOR, frozenset({PRODUCTION}))


class FakeFlags:
    """
    Flags in memory, with the variants of the worked example.

    `changes` are the comments and callers of updates, `plans` the rollouts that are under way.
    """

    def __init__(self) -> None:
        self.flags: dict[str, flags_pb2.FlagRecord] = {}
        self.changes: list[tuple[str, str]] = []
        self.plans: dict[str, str] = {}
        self.shipped: list[tuple[str, str, str, str]] = []

    def add(self, key: str, *rules: str) -> flag_pb2.Flag:
        """Add a flag that is on and serves the control; return it."""
        flag = flag_pb2.Flag(
            key=key, on=True, off_variant=ARMS[0], variants=[flag_pb2.Variant(name=arm) for arm in ARMS]
        )
        flag.fallthrough.variant = ARMS[0]
        for rule in rules:
            flag.rules.add(id=rule).serve.variant = ARMS[0]
        self.flags[key] = flags_pb2.FlagRecord(flag=flag, etag="1")
        return self.flags[key].flag

    async def get(self, environment: str, key: str) -> flags_pb2.FlagRecord:
        """See `Flags`."""
        if key not in self.flags:
            raise NotFound(f"there is no flag {key!r} in {environment}")
        return self.flags[key]

    async def update(
        self, environment: str, flag: flag_pb2.Flag, *, etag: str, comment: str, caller: Caller
    ) -> flags_pb2.FlagRecord:
        """See `Flags`."""
        held = await self.get(environment, flag.key)
        if held.etag != etag:
            raise EtagMismatch("the flag was changed")
        self.flags[flag.key] = flags_pb2.FlagRecord(flag=flag, etag=str(int(etag) + 1))
        self.changes.append((comment, caller.actor))
        return self.flags[flag.key]

    async def ship(self, environment: str, plan: rollout_pb2.RolloutPlan, *, template: str, caller: Caller) -> str:
        """See `Rollouts`."""
        await self.get(environment, plan.flag_key)
        self.shipped.append((plan.variant, plan.baseline_variant, template, caller.actor))
        return f"plan of {plan.origin}"

    async def under_way(self, environment: str, flag_key: str) -> str:
        """See `Rollouts`."""
        await self.get(environment, flag_key)
        return self.plans.get(flag_key, "")


class FakeCatalogue:
    """Sales with an amount, and errors."""

    async def events(self, environment: str) -> Mapping[str, catalogue_pb2.EventDefinition]:
        """See `Catalogue`."""
        assert environment == PRODUCTION
        sale = catalogue_pb2.EventDefinition(name="venda_criada")
        sale.properties.add(name="valor", type=catalogue_pb2.PROPERTY_TYPE_DECIMAL)
        sale.properties.add(name="moeda", type=catalogue_pb2.PROPERTY_TYPE_STRING)
        return {"venda_criada": sale, "erro_frontend": catalogue_pb2.EventDefinition(name="erro_frontend")}


class ExperimentWorld:
    """What there is; `now` is the time. There is no analytics store: it is down."""

    def __init__(self, pool: PostgresPool, folder: Path) -> None:
        self.now = float(START_S)
        self.pool = pool
        self.flags = FakeFlags()
        self.flags.add("recomendacao")
        self.experiments = PostgresExperiments(pool)
        self.looks = PostgresLooks(pool)
        self.desk = ExperimentDesk(pool, self.flags, self.flags, FakeCatalogue(), self.clock)
        results = ResultsDesk(AnalyticsStore(folder), self.looks, self.clock)
        self.deciding = Deciding(pool, self.desk, self.flags, self.flags, self.experiments, results=results)

    def clock(self) -> float:
        """Return the time."""
        return self.now

    def asked(self, key: str = "recomendacao", *, etag: str = "", comment: str = "") -> Asked:
        """What Ana asks for."""
        return Asked(PRODUCTION, key, etag, comment, ANA)

    async def create(self, experiment: pb2.Experiment) -> pb2.ExperimentRecord:
        """Make a draft."""
        return await self.desk.create(PRODUCTION, experiment, "", ANA)

    async def start(self, experiment: pb2.Experiment) -> pb2.ExperimentRecord:
        """Make a draft, and start it."""
        await self.create(experiment)
        return await self.desk.start(self.asked(experiment.key), experiment)


@asynccontextmanager
async def experiment_world(url: str, folder: Path) -> AsyncIterator[ExperimentWorld]:
    """Open a world."""
    await migrate(url, "metrics", files("services.metrics") / "migrations")
    async with open_pool(url, "metrics") as pool:
        yield ExperimentWorld(pool, folder)
