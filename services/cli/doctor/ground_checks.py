"""Checks of what the processes stand on: databases, folders, keys, people. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from mirante.api.flags.v1.access_admin_service_pb2 import (
    ROLE_INTERNAL,
    ROLE_SERVER,
    ApiKey,
)
from mirante.api.flags.v1.people_service_pb2 import PERSON_ROLE_ADMIN

from services.cli.doctor.findings import Finding, fail, ok, warn
from services.cli.doctor.observations import Deployment

_ALL: Final = "*"
_LOSES: Final = "set {0} to on: what was acknowledged may be lost in a crash"


def check_postgres(seen: Deployment) -> Iterator[Finding]:
    """The databases answer, take changes, and keep what they acknowledge."""
    for each in seen.replicas:
        if each.diagnostics is None:
            continue
        subject, found = f"{each.service} {each.address}", each.diagnostics.postgres
        if found.error:
            yield fail(
                "postgres", subject, f"cannot be used: {found.error}", "see DATABASE_URL, the network and the database"
            )
        elif found.in_recovery:
            yield fail("postgres", subject, "is a standby, which takes no changes", "let DATABASE_URL name the primary")
        elif found.fsync != "on":
            yield fail("postgres", subject, f"fsync is {found.fsync}", _LOSES.format("fsync"))
        elif found.synchronous_commit == "off":
            yield fail("postgres", subject, "synchronous_commit is off", _LOSES.format("synchronous_commit"))
        elif found.synchronous_commit == "local":
            advice = "well without a standby; with one, what was acknowledged may be lost in a failover: set it to on"
            yield warn("postgres", subject, "synchronous_commit is local", advice)
        else:
            yield ok("postgres", subject, f"{found.version}, synchronous_commit {found.synchronous_commit}")


def check_migrations(seen: Deployment) -> Iterator[Finding]:
    """Tables are those of the running version."""
    for each in seen.replicas:
        if each.diagnostics is None or each.diagnostics.postgres.error:
            continue
        subject, found = f"{each.service} {each.address}", each.diagnostics.postgres
        if found.missing_migrations:
            reason = f"lack {', '.join(found.missing_migrations)}"
            yield fail("migrations", subject, reason, "run `python -m services.migrate`, or the Job that does")
        elif found.unknown_migrations:
            reason = f"have {', '.join(found.unknown_migrations)}, which this version does not know"
            yield warn("migrations", subject, reason, "well during a rollout; afterwards this replica is too old")
        else:
            yield ok("migrations", subject, "up to date")


def check_redis(seen: Deployment) -> Iterator[Finding]:
    """Redis answers; nothing is lost when it does not."""
    for each in seen.replicas:
        if each.diagnostics is None:
            continue
        subject, error = f"{each.service} {each.address}", each.diagnostics.redis.error
        if error:
            advice = "nothing is lost, but changes arrive by polling and counts are of one replica: see REDIS_URL"
            yield warn("redis", subject, f"does not answer: {error}", advice)
        else:
            yield ok("redis", subject, "answers")


def check_folders(seen: Deployment) -> Iterator[Finding]:
    """Folders can be written to."""
    for each in seen.replicas:
        for folder in each.diagnostics.folders if each.diagnostics else ():
            subject = f"{each.service} {each.address} {folder.purpose}"
            if folder.error:
                advice = "see the volume, its free space, and the rights of the service's user"
                yield fail("folders", subject, f"{folder.path}: {folder.error}", advice)
            else:
                yield ok("folders", subject, folder.path)


def check_keys(seen: Deployment) -> Iterator[Finding]:
    """Keys open what they should, and no more."""
    access = seen.access
    if access.known_secret_opens:
        advice = "revoke it, and make secrets of your own: `mirante keys list`, `mirante keys revoke`"
        yield fail("keys", "secrets", "one from the manifests for development opens this installation", advice)
    if access.keys is None or access.environments is None:
        yield warn(
            "keys", "all", f"cannot be read: {access.error}", "use a key of role admin that opens all environments"
        )
        return
    valid = [key for key in access.keys if not key.HasField("revoked_at")]
    found = [*_of_services(valid), *_of_backends(valid, access.environments)]
    yield from found or [ok("keys", "all", f"{len(valid)} valid keys")]


def check_people(seen: Deployment) -> Iterator[Finding]:
    """Somebody can administer, and not with the first password."""
    access = seen.access
    if access.first_password_opens:
        advice = "log in and change it, or `mirante people set-password admin`; then remove the file"
        yield fail("people", "admin", "still has the password of the first start", advice)
    if access.people is None:
        return
    admins = [each for each in access.people if each.role == PERSON_ROLE_ADMIN and not each.HasField("disabled_at")]
    if not admins:
        yield warn("people", "all", "nobody may administer in the dashboard", "`mirante people create --role admin`")
    elif not access.first_password_opens:
        yield ok("people", "all", f"{len(access.people)} people, {len(admins)} of them administrators")


def check_demo(seen: Deployment) -> Iterator[Finding]:
    """Nothing is made up."""
    told = [each for each in seen.replicas if each.diagnostics is not None]
    demo = [f"{each.service} {each.address}" for each in told if each.diagnostics and each.diagnostics.demo]
    if demo:
        advice = "well for trying out; where people decide by it unset MIRANTE_DEMO, and use an empty database"
        yield warn("demo", ", ".join(demo), "makes the demo's flags and catalogue", advice)
    elif told:
        yield ok("demo", "all", "no demo data is made")


def _of_services(keys: list[ApiKey]) -> Iterator[Finding]:
    internal = [key for key in keys if key.role == ROLE_INTERNAL]
    if not internal:
        yield fail("keys", "internal", "there is none", "services need it to know each other: `mirante keys create`")
    if internal and not any(_ALL in key.environments for key in internal):
        yield warn("keys", "internal", "none opens all environments", "new environments will not be followed")


def _of_backends(keys: list[ApiKey], names: Sequence[str]) -> Iterator[Finding]:
    servers = [key for key in keys if key.role == ROLE_SERVER]
    for name in names:
        if not any(_ALL in key.environments or name in key.environments for key in servers):
            advice = f"`mirante keys create NAME --role server -e {name}`"
            yield warn("keys", name, "no backend can evaluate flags there: it has no key of role server", advice)
    for key in servers:
        if len(names) > 1 and (_ALL in key.environments or len(key.environments) > 1):
            advice = "give each environment a key of its own, and revoke this one"
            yield warn("keys", key.name, "is a backend's and opens several environments", advice)
