"""The table of roles and the contracts agree."""

import importlib
import pkgutil

import mirante.api.flags.v1 as contracts
from google.protobuf.descriptor import ServiceDescriptor

from services.flags.roles import ROLES, SERVICES
from services.runtime.access import Role


def services() -> list[ServiceDescriptor]:
    """Every service of the contracts."""
    modules = [
        importlib.import_module(f"{contracts.__name__}.{module.name}")
        for module in pkgutil.iter_modules(contracts.__path__)
    ]
    return [
        service
        for module in modules
        if module.__name__.endswith("_pb2")
        for service in module.DESCRIPTOR.services_by_name.values()
    ]


def test_every_method_has_roles_and_no_other_has() -> None:
    """A new method is denied to everybody until somebody has thought about it."""
    methods = {f"/{service.full_name}/{method.name}" for service in services() for method in service.methods}
    assert set(ROLES) == methods
    assert set(SERVICES) == {service.full_name for service in services()}


def test_browsers_may_only_evaluate() -> None:
    """Their keys are public."""
    allowed = {method for method, roles in ROLES.items() if Role.BROWSER in roles}
    assert {method.rpartition("/")[0] for method in allowed} == {"/mirante.api.flags.v1.EvaluationService"}


def test_only_editors_administrators_and_services_change_anything() -> None:
    """Editors change flags and segments; keys, environments, browser access and people are not theirs."""
    reading = ("Get", "List", "Export")
    managers = {Role.ADMIN, Role.INTERNAL}
    for method, roles in ROLES.items():
        service, _, name = method.rpartition("/")
        if service.endswith("AdminService") and not name.startswith(reading):
            edits = service.endswith((".FlagAdminService", ".SegmentAdminService"))
            assert roles == (managers | {Role.EDITOR} if edits else managers), method


def test_editors_see_what_readers_see() -> None:
    """And people are seen by neither."""
    for method, roles in ROLES.items():
        assert Role.EDITOR in roles or Role.READER not in roles, method
        if "People" in method:
            assert roles == {Role.ADMIN, Role.INTERNAL}, method


def test_logins_are_for_services_alone() -> None:
    """A session's secret is for the gateway's cookie, and nobody acting for a person gets one."""
    logins = [roles for method, roles in ROLES.items() if "LoginService" in method]
    assert logins
    assert all(roles == {Role.INTERNAL} for roles in logins)
