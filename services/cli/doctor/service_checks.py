"""Checks of the processes: do they answer, are they alike, do they keep up. Pure."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Final

from services.cli.doctor.findings import Finding, fail, ok, warn
from services.cli.doctor.observations import Certificate, Deployment, Replica

SERVICES: Final = ("flags", "telemetry", "metrics")

_SKEW_WARN, _SKEW_FAIL = 2.0, 30.0
_AGE_WARN, _AGE_FAIL = 5.0, 60.0
_CURSOR_WARN, _CURSOR_FAIL = 15.0, 300.0
_HORIZON_WARN, _HORIZON_FAIL = 60.0, 600.0
_DELIVERY_WARN, _DELIVERY_FAIL = 300.0, 3_600.0
_CERTIFICATE_WARN, _CERTIFICATE_FAIL = datetime.timedelta(days=21), datetime.timedelta(days=3)


def check_reachable(seen: Deployment) -> Iterator[Finding]:
    """Every service answers, and says that it serves."""
    for service in SERVICES:
        replicas = [each for each in seen.replicas if each.service == service]
        if not any(each.health for each in replicas):
            said = next((each.error for each in replicas if each.error), "its name leads nowhere")
            where = ", ".join(each.address for each in replicas) or "no address"
            advice = "see that it runs, and its log; name another address with the options or MIRANTE_*_ADDRESS"
            yield fail("reachable", service, f"nobody answers at {where}: {said}", advice)
            continue
        for each in replicas:
            if each.health == "SERVING":
                yield ok("reachable", _name(each), "serves")
            else:
                advice = "it starts, drains or waits for its database: its log says which"
                yield fail("reachable", _name(each), each.health.lower() or each.error, advice)


def check_gateway(seen: Deployment) -> Iterator[Finding]:
    """The gateway would answer requests."""
    gateway = seen.gateway
    if gateway.status == 200:
        yield ok("gateway", gateway.url, "ready")
    elif gateway.status == 0:
        yield fail("gateway", gateway.url, gateway.error, "see that it runs, or name another with --gateway")
    else:
        lacking = ", ".join(gateway.lacking)
        reason = f"not ready, it lacks {lacking}" if lacking else f"not ready ({gateway.status})"
        yield fail(
            "gateway",
            gateway.url,
            reason,
            "it learns them from the flag service: look there first, then at its own log",
        )


def check_told(seen: Deployment) -> Iterator[Finding]:
    """Every process that serves also says how it fares."""
    for each in seen.replicas:
        if each.health == "SERVING" and each.diagnostics is None:
            advice = "use a key of role admin; a service without this call is older than this command line"
            yield warn("diagnostics", _name(each), f"does not say how it fares: {each.error}", advice)


def check_versions(seen: Deployment) -> Iterator[Finding]:
    """All processes and this command line are of one version."""
    versions = {each.diagnostics.version for each in seen.replicas if each.diagnostics is not None} | {seen.version}
    if len(versions) == 1:
        yield ok("versions", "all", seen.version)
        return
    named = ", ".join(f"{_name(each)} {each.diagnostics.version}" for each in seen.replicas if each.diagnostics)
    advice = "well during a rollout; afterwards see which did not come up"
    yield warn("versions", "all", f"this command line {seen.version}, {named}", advice)


def check_clocks(seen: Deployment) -> Iterator[Finding]:
    """Clocks of services, databases and of this machine agree."""
    for each in seen.replicas:
        if each.diagnostics is None or each.at is None:
            continue
        own = each.diagnostics.now.ToDatetime(datetime.UTC)
        skews = {"this machine": abs((own - each.at).total_seconds())}
        if each.diagnostics.postgres.HasField("now"):
            database = each.diagnostics.postgres.now.ToDatetime(datetime.UTC)
            skews["its database"] = abs((own - database).total_seconds())
        other, worst = max(skews.items(), key=lambda skew: skew[1])
        reason = f"{worst:.1f} s apart from {other}"
        if worst < _SKEW_WARN:
            yield ok("clocks", _name(each), reason)
        else:
            advice = "see that NTP runs on both: times of events, tokens and leases lean on it"
            yield (fail if worst >= _SKEW_FAIL else warn)("clocks", _name(each), reason, advice)


def check_revisions(seen: Deployment) -> Iterator[Finding]:
    """Replicas of the flag service answer with the same rules, and hear of their database."""
    replicas = [each for each in seen.replicas if each.service == "flags" and each.diagnostics is not None]
    for each in replicas:
        age = each.figures("rules_age_seconds").get("", 0.0)
        if age >= _AGE_WARN:
            reason = f"has not heard of its database for {age:.0f} s"
            advice = "its rules may be old: see its database, then its log"
            yield (fail if age >= _AGE_FAIL else warn)("revisions", _name(each), reason, advice)
    for environment in sorted({name for each in replicas for name in each.figures("revision")}):
        known = {_name(each): each.figures("revision").get(environment, 0.0) for each in replicas}
        newest = max(known.values())
        behind = {name: int(newest - revision) for name, revision in known.items() if revision < newest}
        if behind:
            reason = ", ".join(f"{name} lacks {count}" for name, count in behind.items()) + " of the newest revisions"
            advice = "well for a moment while flags change; if it stays, see that replica's database and log"
            yield warn("revisions", environment, reason, advice)
        else:
            yield ok("revisions", environment, f"revision {int(newest)} in {len(replicas)} replicas")


def check_cursors(seen: Deployment) -> Iterator[Finding]:
    """What follows the log keeps up with it."""
    for each in seen.replicas:
        for environment, age in each.figures("log_age_seconds").items():
            subject, reason = f"{_name(each)} {environment}", f"the log is counted up to {age:.0f} s ago"
            advice = "see that the telemetry service answers it, and both logs; after a start it catches up"
            yield _judged("cursors", subject, (age, _CURSOR_WARN, _CURSOR_FAIL), reason, advice)
        for held in each.figures("horizon_age_seconds").values():
            reason = f"an open transaction has held back the log for {held:.0f} s"
            advice = "find it in pg_stat_activity by its xact_start, and end it: readers wait for it"
            yield _judged("log horizon", _name(each), (held, _HORIZON_WARN, _HORIZON_FAIL), reason, advice)


def check_leader(seen: Deployment) -> Iterator[Finding]:
    """One process of the metrics service writes roll-ups and judges alerts."""
    told = [each for each in seen.replicas if each.service == "metrics" and each.diagnostics is not None]
    if not told:
        return
    leaders = [_name(each) for each in told if each.figures("leads").get("")]
    if len(leaders) == 1:
        yield ok("leader", "metrics", leaders[0])
    elif not leaders:
        advice = "another replica may lead that did not answer; else see who holds the advisory lock in pg_locks"
        yield warn("leader", "metrics", "none of those that answered writes roll-ups", advice)
    else:
        yield warn("leader", "metrics", f"{', '.join(leaders)} lead", "well while one takes over; ask again")


def check_deliveries(seen: Deployment) -> Iterator[Finding]:
    """Messages to webhooks go out."""
    waits = [wait for each in seen.replicas for wait in each.figures("waiting_delivery_seconds").values()]
    if waits:
        reason = f"the oldest message has waited {max(waits):.0f} s"
        advice = "see `mirante alerts webhooks deliveries` for what the receiver answers"
        yield _judged("webhooks", "outbox", (max(waits), _DELIVERY_WARN, _DELIVERY_FAIL), reason, advice)


def check_certificates(seen: Deployment) -> Iterator[Finding]:
    """Certificates are good for a while."""
    shown: Sequence[tuple[str, Certificate | None]] = [
        *[(_name(each), each.certificate) for each in seen.replicas],
        (seen.gateway.url, seen.gateway.certificate),
    ]
    for subject, certificate in shown:
        if certificate is None:
            continue
        if certificate.expires_at is None:
            yield warn("certificates", subject, f"could not be read: {certificate.error}", "see its log, and --tls-ca")
            continue
        left = certificate.expires_at - seen.now
        reason = f"expires {certificate.expires_at:%Y-%m-%d %H:%M} UTC, in {left.days} days"
        if left > _CERTIFICATE_WARN:
            yield ok("certificates", subject, reason)
        else:
            advice = "renew it: services take renewed files without a restart; see why that did not happen by itself"
            yield (fail if left <= _CERTIFICATE_FAIL else warn)("certificates", subject, reason, advice)


def _judged(check: str, subject: str, judged: tuple[float, float, float], reason: str, advice: str) -> Finding:
    """Return a finding about a value, by the limits from which on it warns and fails."""
    value, warns, fails = judged
    if value < warns:
        return ok(check, subject, reason)
    return (fail if value >= fails else warn)(check, subject, reason, advice)


def _name(replica: Replica) -> str:
    return f"{replica.service} {replica.address}"
