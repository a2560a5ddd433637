"""Segments of flags that are made from a cohort: of whom, and never in the place of somebody's own work."""

from typing import Any

import grpc
import pytest
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import segment_admin_service_pb2 as segments_pb2
from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1 import cohort_report_pb2, saved_report_pb2

from tests.integration.cli.conftest import Mirante
from tests.support.scripted_service import Refused, ScriptedService

_ID = "0b1c"
_FEW = [("acme", "ana"), ("acme", None), ("globex", "ana"), ("", "eva")]
_PEOPLE = [*_FEW, *(("acme", f"u{number:04}") for number in range(1_001))]


@pytest.fixture
def segments(service: ScriptedService) -> dict[str, segments_pb2.SegmentRecord]:
    """Script a cohort of some people, whose members come in pages, and segments as they are kept."""
    kept: dict[str, segments_pb2.SegmentRecord] = {}

    def members(request: pb2.RunReportRequest) -> pb2.RunReportResponse:
        asked = request.question.cohort_members
        assert asked.cohort_id == _ID
        response = pb2.RunReportResponse()
        result = response.answer.result.cohort_members
        page = _PEOPLE[asked.after : asked.after + asked.limit]
        result.members.extend(cohort_report_pb2.CohortMember(tenant=tenant, user_id=user) for tenant, user in page)
        if asked.after + asked.limit < len(_PEOPLE):
            result.next_after = asked.after + asked.limit
        return response

    def get(request: segments_pb2.GetSegmentRequest) -> segments_pb2.GetSegmentResponse:
        if request.segment_key not in kept:
            raise Refused(grpc.StatusCode.NOT_FOUND, "SEGMENT_NOT_FOUND", "there is none")
        return segments_pb2.GetSegmentResponse(record=kept[request.segment_key])

    def keep(answer: Any, request: Any) -> Any:
        segment = request.segment
        record = segments_pb2.SegmentRecord(segment=segment, etag=f"e{segment.version}")
        record.segment.version += 1
        kept[segment.key] = record
        return answer(record=record)

    info = saved_report_pb2.SavedInfo(id=_ID, name="Quem comprou")
    service.answers["ListCohorts"] = lambda _: pb2.ListCohortsResponse(cohorts=[saved_report_pb2.Cohort(info=info)])
    service.answers["RunReport"] = members
    service.answers["GetSegment"] = get
    service.answers["CreateSegment"] = lambda request: keep(segments_pb2.CreateSegmentResponse, request)
    service.answers["UpdateSegment"] = lambda request: keep(segments_pb2.UpdateSegmentResponse, request)
    return kept


def test_users_of_a_cohort_are_a_segment(
    service: ScriptedService, mirante: Mirante, segments: dict[str, segments_pb2.SegmentRecord]
) -> None:
    """Each within the own tenant, however many; again it is as it was, or made anew."""
    made = mirante("analytics", "segment", "quem comprou", "compradores")
    assert made.exit_code == 0, made.output
    assert "compradores: 1,003 users of 2 tenants" in made.stdout
    assert "2 without a user id or a tenant are left out" in made.stderr
    segment = segments["compradores"].segment
    found = [
        [(each.attribute, [value.string_value for value in each.values]) for each in rule.conditions]
        for rule in segment.rules
    ]
    assert [(rule[0], len(rule[1][1])) for rule in found] == [
        (("tenant_id", ["acme"]), 1_000), (("tenant_id", ["acme"]), 2), (("tenant_id", ["globex"]), 1),
    ]  # fmt: skip
    assert [rule[1][0] for rule in found] == ["targeting_key"] * 3
    assert found[0][1][1][:2] == ["ana", "u0000"]
    assert list(segment.tags) == [f"cohort:{_ID}"]
    assert "nothing changed" in mirante("analytics", "segment", _ID, "compradores").stderr
    segment.included.add(attribute="targeting_key", values=["bia"])
    del segment.rules[1:]
    assert mirante("analytics", "segment", _ID, "compradores").exit_code == 0
    [update] = service.requests("UpdateSegment")
    assert (len(update.segment.rules), len(update.segment.included)) == (3, 1)


def test_somebodys_own_segment_stays_as_it_is(
    mirante: Mirante, segments: dict[str, segments_pb2.SegmentRecord]
) -> None:
    """And what does not exist is named with what there is."""
    segments["equipe"] = segments_pb2.SegmentRecord(segment=flag_pb2.Segment(key="equipe"))
    refused = mirante("analytics", "segment", _ID, "equipe")
    assert (refused.exit_code, "was not made from this cohort" in refused.stderr) == (1, True)
    assert not segments["equipe"].segment.rules
    missing = mirante("analytics", "segment", "ninguém", "equipe")
    assert "there are Quem comprou" in missing.stderr
    assert "Quem comprou" in mirante("analytics", "cohorts").stdout
