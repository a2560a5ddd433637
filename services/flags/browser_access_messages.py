"""Browser access as messages."""

from mirante.api.flags.v1 import access_admin_service_pb2 as pb2

from services.flags.store.browser_access import StoredBrowserAccess
from services.flags.timestamps import timestamp


def browser_access_message(stored: StoredBrowserAccess) -> pb2.BrowserAccess:
    """Return the browser access of an environment as callers see it."""
    message = pb2.BrowserAccess.FromString(stored.access)
    message.MergeFrom(
        pb2.BrowserAccess(
            environment=stored.environment,
            version=stored.version,
            updated_at=timestamp(stored.updated_at),
            updated_by=stored.updated_by,
        )
    )
    return message
