"""`SqlService`: questions in SQL."""

from pathlib import Path

from mirante.api.metrics.v1 import sql_service_pb2 as pb2
from mirante.api.metrics.v1 import sql_service_pb2_grpc as pb2_grpc

from services.metrics.analytics.sql.answering import SqlProcesses
from services.metrics.analytics.sql.asking import SqlQuestion, checked_statement, limits_of, tenant_of
from services.runtime.access import current_caller


class SqlServicer(pb2_grpc.SqlServiceServicer):
    """
    Answers from the stores, through processes of their own.

    Args:
        folder: of all stores.
        processes: that run statements.
    """

    def __init__(self, folder: Path, processes: SqlProcesses) -> None:
        self._folder = str(folder)
        self._processes = processes

    async def RunSql(self, request: pb2.RunSqlRequest, _: object) -> pb2.RunSqlResponse:
        """Run one SELECT."""
        question = SqlQuestion(
            folder=self._folder,
            environment=current_caller.get().environment(request.environment),
            tenant=_tenant(request),
            statement=checked_statement(request.statement),
            limits=limits_of(
                request.most_rows,
                request.time_limit.ToNanoseconds() / 1e9 if request.HasField("time_limit") else None,
            ),
        )
        return pb2.RunSqlResponse.FromString(await self._processes.answer(question, _caller()))

    async def DescribeTables(self, request: pb2.DescribeTablesRequest, _: object) -> pb2.DescribeTablesResponse:
        """Say what there is to select from."""
        question = SqlQuestion(
            folder=self._folder,
            environment=current_caller.get().environment(request.environment),
            tenant=_tenant(request),
            statement=None,
            limits=limits_of(0, None),
        )
        return pb2.DescribeTablesResponse.FromString(await self._processes.answer(question, _caller()))


def _caller() -> str:
    # People who share a key (the gateway's) have a place in the line each.
    caller = current_caller.get()
    return f"{caller.key_id} {caller.actor}"


def _tenant(request: pb2.RunSqlRequest | pb2.DescribeTablesRequest) -> str | None:
    tenant = request.tenant if request.HasField("tenant") else None
    return tenant_of(tenant, all_tenants=request.all_tenants)
