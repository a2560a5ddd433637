"""Changes made elsewhere meet the stated owner."""

from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2

from tests.support.flag_resources import KEY, PATH, Desk
from tests.support.serving import PRODUCTION


async def test_git_reverts_and_says_whose_change_it_was(controlled: Desk) -> None:
    """Edited in the dashboard, and archived there."""
    await controlled.create(description="de Git")
    await controlled.synced()
    await controlled.edit(description="do painel")
    assert "admin changed description elsewhere" in await controlled.event("Reverted")
    assert (await controlled.flag()).flag.description == "de Git"
    request = pb2.ArchiveFlagRequest(environment=PRODUCTION, flag_key=KEY)
    await controlled.service.flags.ArchiveFlag(request, metadata=controlled.service.admin)
    await controlled.until_flag(lambda found: not found.archived)


async def test_git_reports_where_it_says_so(controlled: Desk) -> None:
    """The change stays until a person decides; agreeing ends the conflict."""
    await controlled.create(description="de Git", ownership={"owner": "git", "on_drift": "report"})
    await controlled.synced()
    await controlled.edit(description="do painel")
    await controlled.becomes("Conflict", "True", "Drifted")
    await controlled.patch(description="ainda outra")
    document = await controlled.becomes("Conflict", "True", "Drifted")
    assert document["status"]["observedGeneration"] == 2
    assert (await controlled.flag()).flag.description == "do painel"
    await controlled.patch(description="do painel")
    await controlled.synced()
    await controlled.patch(description="de Git outra vez")
    await controlled.synced()
    assert (await controlled.flag()).flag.description == "de Git outra vez"


async def test_what_the_dashboard_owns_is_created_and_killed_and_no_more(controlled: Desk) -> None:
    """The resource says that it differs."""
    await controlled.create(description="primeira", ownership={"owner": "dashboard"})
    await controlled.synced()
    await controlled.edit(description="do painel")
    await controlled.becomes("Synced", "False", "DashboardOwns")
    await controlled.patch(description="de Git", killed=True)
    await controlled.until_flag(lambda found: found.flag.HasField("kill"))
    assert (await controlled.flag()).flag.description == "do painel"
    await controlled.service.restore(KEY)
    await controlled.becomes("Conflict", "True", "RestoredElsewhere")
    assert not (await controlled.flag()).flag.HasField("kill")


async def test_the_dashboard_s_kill_is_lifted_by_nobody_but_a_person(controlled: Desk) -> None:
    """Not by Git, however often it speaks; by the annotation that names the kill."""
    await controlled.create(killed=False)
    await controlled.synced()
    await controlled.service.kill(KEY)
    document = await controlled.becomes("Conflict", "True", "KilledElsewhere")
    await controlled.patch(killed=False, description="outra")
    await controlled.synced()
    assert (await controlled.flag()).flag.HasField("kill")
    at = document["status"]["kill"]["at"]
    await controlled.kubernetes.patch(PATH, {"metadata": {"annotations": {"flags.mirante.dev/lift-kill": at}}})
    await controlled.until_flag(lambda found: not found.flag.HasField("kill"))
    await controlled.becomes("Conflict", "False", "None")
    await controlled.service.kill(KEY)
    await controlled.becomes("Conflict", "True", "KilledElsewhere")
