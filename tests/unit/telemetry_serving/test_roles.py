"""The table of roles and the contracts agree."""

from services.runtime.access import Role
from services.telemetry.roles import ROLES, SERVICES
from tests.support.telemetry_methods import METHODS, services


def test_every_method_has_roles_and_no_other_has() -> None:
    """A new method is denied to everybody until somebody has thought about it."""
    assert set(ROLES) == set(METHODS)
    assert set(SERVICES) == {service.full_name for service in services()}
    assert all(ROLES.values())


def test_browsers_may_do_nothing() -> None:
    """Their keys are public."""
    assert all(Role.BROWSER not in roles for roles in ROLES.values())


def test_readers_change_nothing() -> None:
    """Whatever they may call only reads."""
    reading = ("Get", "List", "Export", "Count", "Tail")
    for method, roles in ROLES.items():
        if Role.READER in roles:
            assert method.rpartition("/")[2].startswith(reading), method


def test_people_are_exported_and_erased_by_managers_alone() -> None:
    """So are events of the past."""
    for method, roles in ROLES.items():
        if "PrivacyService" in method or method.endswith("/ImportEvents"):
            assert roles == {Role.ADMIN, Role.INTERNAL}, method


def test_editors_read_and_change_the_catalogue_and_replay_dead_letters() -> None:
    """And nothing else."""
    editors = {method for method, roles in ROLES.items() if Role.EDITOR in roles}
    readers = {method for method, roles in ROLES.items() if Role.READER in roles}
    catalogue = "/mirante.api.telemetry.v1.CatalogueService/"
    assert editors == readers | {f"{catalogue}ImportCatalogue", f"{catalogue}ReplayDeadLetters"}
