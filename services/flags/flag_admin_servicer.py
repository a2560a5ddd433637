"""`FlagAdminService`: decodes, calls the use case, encodes."""

from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2
from mirante.api.flags.v1 import flag_admin_service_pb2_grpc as pb2_grpc

from services.flags import definition_messages as messages
from services.flags.definition_reading import DefinitionReading
from services.flags.flag_admin import FlagAdmin
from services.flags.flag_transfer import FlagTransfer, Import
from services.flags.store.definitions import Filter
from services.runtime.access import current_caller


class FlagAdminServicer(pb2_grpc.FlagAdminServiceServicer):
    """Flags as people and their tools manage them."""

    def __init__(self, admin: FlagAdmin, reading: DefinitionReading, transfer: FlagTransfer) -> None:
        self._admin = admin
        self._reading = reading
        self._transfer = transfer

    async def CreateFlag(self, request: pb2.CreateFlagRequest, _: object) -> pb2.CreateFlagResponse:
        """Create a flag."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        record = await self._admin.create(environment, request.flag, comment=request.comment, caller=caller)
        return pb2.CreateFlagResponse(record=messages.flag_record(record))

    async def GetFlag(self, request: pb2.GetFlagRequest, _: object) -> pb2.GetFlagResponse:
        """Return a flag, archived or not."""
        environment = current_caller.get().environment(request.environment)
        record = await self._reading.get(environment, request.flag_key)
        return pb2.GetFlagResponse(record=messages.flag_record(record))

    async def UpdateFlag(self, request: pb2.UpdateFlagRequest, _: object) -> pb2.UpdateFlagResponse:
        """Replace a definition."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        record = await self._admin.update(
            environment, request.flag, etag=request.etag, comment=request.comment, caller=caller
        )
        return pb2.UpdateFlagResponse(record=messages.flag_record(record))

    async def ArchiveFlag(self, request: pb2.ArchiveFlagRequest, _: object) -> pb2.ArchiveFlagResponse:
        """Take a flag away from all evaluators."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        record = await self._admin.archive(
            environment, request.flag_key, etag=request.etag, comment=request.comment, caller=caller
        )
        return pb2.ArchiveFlagResponse(record=messages.flag_record(record))

    async def KillFlag(self, request: pb2.KillFlagRequest, _: object) -> pb2.KillFlagResponse:
        """Serve the off variant to everybody."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        record = await self._admin.kill(environment, request.flag_key, reason=request.reason, caller=caller)
        return pb2.KillFlagResponse(record=messages.flag_record(record))

    async def RestoreFlag(self, request: pb2.RestoreFlagRequest, _: object) -> pb2.RestoreFlagResponse:
        """Lift the kill state."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        record = await self._admin.restore(environment, request.flag_key, reason=request.reason, caller=caller)
        return pb2.RestoreFlagResponse(record=messages.flag_record(record))

    async def RollBackFlag(self, request: pb2.RollBackFlagRequest, _: object) -> pb2.RollBackFlagResponse:
        """Make the definition of an earlier version the newest."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        record = await self._admin.roll_back(
            environment,
            request.flag_key,
            version=request.version,
            etag=request.etag,
            comment=request.comment,
            caller=caller,
        )
        return pb2.RollBackFlagResponse(record=messages.flag_record(record))

    async def ListFlags(self, request: pb2.ListFlagsRequest, _: object) -> pb2.ListFlagsResponse:
        """Return a page of flags."""
        environment = current_caller.get().environment(request.environment)
        wanted = Filter(messages.state(request.state), request.tag, request.owner, request.search)
        page = await self._reading.page(environment, wanted, size=request.page_size, token=request.page_token)
        return pb2.ListFlagsResponse(
            records=map(messages.flag_record, page.records), next_page_token=page.next_token, revision=page.revision
        )

    async def GetFlagHistory(self, request: pb2.GetFlagHistoryRequest, _: object) -> pb2.GetFlagHistoryResponse:
        """Return versions, newest first."""
        environment = current_caller.get().environment(request.environment)
        entries, next_token = await self._reading.history(
            environment, request.flag_key, size=request.page_size, token=request.page_token
        )
        return pb2.GetFlagHistoryResponse(entries=messages.history_entries(entries), next_page_token=next_token)

    async def PromoteFlag(self, request: pb2.PromoteFlagRequest, _: object) -> pb2.PromoteFlagResponse:
        """Copy a definition to another environment."""
        caller = current_caller.get()
        promotion = await self._transfer.promote(
            caller.environment(request.from_environment),
            caller.environment(request.to_environment),
            request.flag_key,
            plan=request.plan,
            dry_run=request.dry_run,
            comment=request.comment,
            caller=caller,
        )
        return pb2.PromoteFlagResponse(
            record=messages.flag_record(promotion.record) if promotion.record else None,
            changes=messages.field_changes_messages(promotion.changes),
            plan=promotion.plan,
        )

    async def ExportFlags(self, request: pb2.ExportFlagsRequest, _: object) -> pb2.ExportFlagsResponse:
        """Return all flags and segments as YAML."""
        environment = current_caller.get().environment(request.environment)
        yaml, revision = await self._transfer.export(environment)
        return pb2.ExportFlagsResponse(yaml=yaml, revision=revision)

    async def ImportFlags(self, request: pb2.ImportFlagsRequest, _: object) -> pb2.ImportFlagsResponse:
        """Make flags and segments as the YAML says."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        wish = Import(
            yaml=request.yaml,
            dry_run=request.dry_run,
            prune=request.prune,
            expected_revision=request.expected_revision if request.HasField("expected_revision") else None,
            comment=request.comment,
        )
        plan, revision = await self._transfer.make(environment, wish, caller)
        return pb2.ImportFlagsResponse(changes=messages.planned_changes(plan), revision=revision)
