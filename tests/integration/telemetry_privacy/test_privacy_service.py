"""`PrivacyService`: what is asked is checked before anything is done, and what was done is on record."""

from collections.abc import Awaitable
from typing import Any

import pytest
from mirante.api.telemetry.v1 import privacy_service_pb2 as pb2

from services.runtime.access import Caller, Role, current_caller
from services.runtime.errors import InvalidRequest, PermissionDenied, ServiceError
from services.telemetry.privacy.privacy_servicer import PrivacyServicer
from tests.support.telemetry_people import PRODUCTION, People, events
from tests.support.telemetry_privacy import Privacy

PERSON = pb2.Subject(tenant="acme", user_id="ana.souza")


class Written:
    """A context that keeps what is written to it."""

    def __init__(self) -> None:
        self.responses: list[pb2.ExportSubjectResponse] = []

    async def write(self, message: bytes) -> None:
        """Keep a message."""
        self.responses.append(pb2.ExportSubjectResponse.FromString(message))


@pytest.fixture
def servicer(desk: Privacy) -> PrivacyServicer:
    """The servicer, called by an admin's key of one environment."""
    current_caller.set(Caller("key-1", "carla", Role.ADMIN, frozenset({PRODUCTION})))
    return PrivacyServicer(desk.people.pool, desk.exports, desk.erasures)


async def test_person_is_exported_and_erased(crowd: People, servicer: PrivacyServicer) -> None:
    """With the proof, and the record newest first."""
    await crowd.write(*events(3, user_id="ana.souza"))
    written: Any = Written()
    await servicer.ExportSubject(pb2.ExportSubjectRequest(subject=PERSON), written)
    assert [each.kind for each in written.responses] == ["identity", *["event"] * 3, "request"]
    erase = pb2.EraseSubjectRequest(environment=PRODUCTION, subject=PERSON, reason="pedido 77")
    done = (await servicer.EraseSubject(erase, None)).request
    assert (done.counts["events"], done.requested_by, done.reason) == (3, "carla", "pedido 77")
    assert done.HasField("completed_at")
    assert set(done.left.values()) == {0}
    assert (await servicer.EraseTenant(pb2.EraseTenantRequest(tenant="acme", reason="saiu"), None)).request.left
    listed = (await servicer.ListPrivacyRequests(pb2.ListPrivacyRequestsRequest(), None)).requests
    assert [each.kind for each in listed] == [
        pb2.PRIVACY_REQUEST_KIND_ERASE_TENANT,
        pb2.PRIVACY_REQUEST_KIND_ERASE_SUBJECT,
        pb2.PRIVACY_REQUEST_KIND_EXPORT,
    ]
    assert listed[1] == done
    page = (await servicer.ListPrivacyRequests(pb2.ListPrivacyRequestsRequest(page_size=1), None)).requests
    assert [each.id for each in page] == [listed[0].id]


async def field_of(call: Awaitable[object]) -> str:
    """Return the field that a refused call names."""
    with pytest.raises(InvalidRequest) as refused:
        await call
    assert "ana.souza" not in refused.value.message
    return refused.value.violations[0].field


async def test_wrong_requests_name_the_field(crowd: People, servicer: PrivacyServicer) -> None:
    """Nothing is put on record."""

    def erase(subject: pb2.Subject, reason: str = "pedido 77") -> Awaitable[object]:
        return servicer.EraseSubject(pb2.EraseSubjectRequest(subject=subject, reason=reason), None)

    assert await field_of(erase(pb2.Subject(tenant="acme"))) == "subject"
    assert await field_of(erase(pb2.Subject(tenant="acme", user_id=""))) == "user_id"
    assert await field_of(erase(pb2.Subject(tenant="acme", anonymous_id="x" * 201))) == "anonymous_id"
    assert await field_of(erase(pb2.Subject(tenant="a\x00", user_id="ana"))) == "tenant"
    assert await field_of(erase(PERSON, reason=" ")) == "reason"
    assert await field_of(erase(PERSON, reason="x" * 501)) == "reason"
    assert await field_of(servicer.EraseTenant(pb2.EraseTenantRequest(reason="saiu"), None)) == "tenant"
    assert await field_of(servicer.EraseTenant(pb2.EraseTenantRequest(tenant="acme"), None)) == "reason"
    too_many = pb2.ListPrivacyRequestsRequest(page_size=1_001)
    assert await field_of(servicer.ListPrivacyRequests(too_many, None)) == "page_size"
    assert await crowd.count("privacy_requests") == 0


async def test_reason_must_not_name_the_person(crowd: People, servicer: PrivacyServicer) -> None:
    """It stays on record after everything else of them is gone."""
    request = pb2.EraseSubjectRequest(subject=PERSON, reason="pedido de Ana.Souza por e-mail")
    assert await field_of(servicer.EraseSubject(request, None)) == "reason"
    written: Any = Written()
    export = pb2.ExportSubjectRequest(subject=PERSON, reason="ana.souza pediu")
    assert await field_of(servicer.ExportSubject(export, written)) == "reason"
    assert (await crowd.count("tombstones"), written.responses) == (0, [])


async def test_other_environments_are_closed(servicer: PrivacyServicer) -> None:
    """A key reaches only its own."""
    calls: list[Awaitable[object]] = [
        servicer.EraseSubject(pb2.EraseSubjectRequest(environment="staging", subject=PERSON, reason="x"), None),
        servicer.EraseTenant(pb2.EraseTenantRequest(environment="staging", tenant="acme", reason="x"), None),
        servicer.ListPrivacyRequests(pb2.ListPrivacyRequestsRequest(environment="staging"), None),
    ]
    for call in calls:
        with pytest.raises(ServiceError) as refused:
            await call
        assert isinstance(refused.value, PermissionDenied)
