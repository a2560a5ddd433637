"""The part of `AnalyticsService` that is about what people save."""

from collections.abc import Sequence
from dataclasses import dataclass

from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1 import analytics_service_pb2_grpc as pb2_grpc
from mirante.api.metrics.v1 import saved_report_pb2

from services.metrics.analytics.saved.changes import PostgresSavedChanges
from services.metrics.analytics.saved.ready_made import ready_made_board, ready_made_boards
from services.metrics.analytics.saved.shelf import Shelf
from services.runtime.access import Caller, current_caller
from services.runtime.errors import StateConflict


@dataclass(frozen=True, slots=True)
class Shelves:
    """What is saved, by kind, and the changes of all of it."""

    cohorts: Shelf[saved_report_pb2.Cohort]
    reports: Shelf[saved_report_pb2.SavedReport]
    boards: Shelf[saved_report_pb2.Board]
    changes: PostgresSavedChanges


class SavedServicer(pb2_grpc.AnalyticsServiceServicer):
    """
    Cohorts, reports and boards.

    Args:
        shelves: see there.
    """

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    async def ListCohorts(self, request: pb2.ListCohortsRequest, _: object) -> pb2.ListCohortsResponse:
        """Return all cohorts."""
        environment, _caller = asked(request.environment)
        return pb2.ListCohortsResponse(cohorts=await self._shelves.cohorts.all(environment))

    async def GetCohort(self, request: pb2.GetCohortRequest, _: object) -> pb2.GetCohortResponse:
        """Return a cohort."""
        environment, _caller = asked(request.environment)
        return pb2.GetCohortResponse(cohort=await self._shelves.cohorts.get(environment, request.cohort_id))

    async def CreateCohort(self, request: pb2.CreateCohortRequest, _: object) -> pb2.CreateCohortResponse:
        """Save a cohort."""
        environment, caller = asked(request.environment)
        cohort = await self._shelves.cohorts.create(environment, request.cohort, caller.actor)
        return pb2.CreateCohortResponse(cohort=cohort)

    async def UpdateCohort(self, request: pb2.UpdateCohortRequest, _: object) -> pb2.UpdateCohortResponse:
        """Replace a cohort."""
        environment, caller = asked(request.environment)
        cohort = await self._shelves.cohorts.update(environment, request.cohort, caller.actor)
        return pb2.UpdateCohortResponse(cohort=cohort)

    async def DeleteCohort(self, request: pb2.DeleteCohortRequest, _: object) -> pb2.DeleteCohortResponse:
        """Delete a cohort."""
        environment, caller = asked(request.environment)
        await self._shelves.cohorts.delete(environment, request.cohort_id, request.revision, caller.actor)
        return pb2.DeleteCohortResponse()

    async def ListSavedReports(self, request: pb2.ListSavedReportsRequest, _: object) -> pb2.ListSavedReportsResponse:
        """Return all reports."""
        environment, _caller = asked(request.environment)
        return pb2.ListSavedReportsResponse(reports=await self._shelves.reports.all(environment))

    async def GetSavedReport(self, request: pb2.GetSavedReportRequest, _: object) -> pb2.GetSavedReportResponse:
        """Return a report."""
        environment, _caller = asked(request.environment)
        return pb2.GetSavedReportResponse(report=await self._shelves.reports.get(environment, request.report_id))

    async def CreateSavedReport(
        self, request: pb2.CreateSavedReportRequest, _: object
    ) -> pb2.CreateSavedReportResponse:
        """Save a report."""
        environment, caller = asked(request.environment)
        report = await self._shelves.reports.create(environment, request.report, caller.actor)
        return pb2.CreateSavedReportResponse(report=report)

    async def UpdateSavedReport(
        self, request: pb2.UpdateSavedReportRequest, _: object
    ) -> pb2.UpdateSavedReportResponse:
        """Replace a report."""
        environment, caller = asked(request.environment)
        report = await self._shelves.reports.update(environment, request.report, caller.actor)
        return pb2.UpdateSavedReportResponse(report=report)

    async def DeleteSavedReport(
        self, request: pb2.DeleteSavedReportRequest, _: object
    ) -> pb2.DeleteSavedReportResponse:
        """Delete a report."""
        environment, caller = asked(request.environment)
        await self._shelves.reports.delete(environment, request.report_id, request.revision, caller.actor)
        return pb2.DeleteSavedReportResponse()

    async def ListBoards(self, request: pb2.ListBoardsRequest, _: object) -> pb2.ListBoardsResponse:
        """Return all boards."""
        environment, _caller = asked(request.environment)
        saved: Sequence[saved_report_pb2.Board] = await self._shelves.boards.all(environment)
        return pb2.ListBoardsResponse(boards=[*ready_made_boards(), *saved])

    async def GetBoard(self, request: pb2.GetBoardRequest, _: object) -> pb2.GetBoardResponse:
        """Return a board."""
        environment, _caller = asked(request.environment)
        board = ready_made_board(request.board_id) or await self._shelves.boards.get(environment, request.board_id)
        return pb2.GetBoardResponse(board=board)

    async def CreateBoard(self, request: pb2.CreateBoardRequest, _: object) -> pb2.CreateBoardResponse:
        """Save a board."""
        environment, caller = asked(request.environment)
        board = await self._shelves.boards.create(environment, request.board, caller.actor)
        return pb2.CreateBoardResponse(board=board)

    async def UpdateBoard(self, request: pb2.UpdateBoardRequest, _: object) -> pb2.UpdateBoardResponse:
        """Replace a board."""
        environment, caller = asked(request.environment)
        _refuse_ready_made(request.board.info.id)
        board = await self._shelves.boards.update(environment, request.board, caller.actor)
        return pb2.UpdateBoardResponse(board=board)

    async def DeleteBoard(self, request: pb2.DeleteBoardRequest, _: object) -> pb2.DeleteBoardResponse:
        """Delete a board."""
        environment, caller = asked(request.environment)
        _refuse_ready_made(request.board_id)
        await self._shelves.boards.delete(environment, request.board_id, request.revision, caller.actor)
        return pb2.DeleteBoardResponse()

    async def ListSavedChanges(self, request: pb2.ListSavedChangesRequest, _: object) -> pb2.ListSavedChangesResponse:
        """Return who has changed what."""
        environment, _caller = asked(request.environment)
        changes, token = await self._shelves.changes.page(
            environment, request.kind, request.saved_id, request.page_size, request.page_token
        )
        return pb2.ListSavedChangesResponse(changes=changes, next_page_token=token)


def asked(environment: str) -> tuple[str, Caller]:
    """Return the environment that a request means, and who asks; raises what `Caller.environment` does."""
    caller = current_caller.get()
    return caller.environment(environment), caller


def _refuse_ready_made(board_id: str) -> None:
    if ready_made_board(board_id) is not None:
        raise StateConflict("this board comes with Mirante: save a copy of it, and change that")
