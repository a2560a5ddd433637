"""Episodes and thresholds' states as texts for the store. Pure."""

import datetime
import json
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

from services.metrics.alerts.detection import Episode, Kind, Prior, Rule, Verdict

_KINDS: Final = {each.value: each for each in Kind}
_RULES: Final = {each.value: each for each in Rule}


def episode_text(episode: Episode | None) -> str:
    """Return an episode as a text; empty when there is none."""
    if episode is None or episode.closed is not None:
        return ""
    return json.dumps(
        {
            "first": _verdict_data(episode.first),
            "worst": _verdict_data(episode.worst),
            "last_alarm": episode.last_alarm.isoformat(),
            "alarms": episode.alarms,
            "normal_hours": episode.normal_hours,
        }
    )


def episode_from(text: str) -> Episode | None:
    """Return the episode of a text that `episode_text` has written."""
    if not text:
        return None
    data = json.loads(text)
    return Episode(
        first=_verdict(data["first"]),
        worst=_verdict(data["worst"]),
        last_alarm=datetime.datetime.fromisoformat(data["last_alarm"]),
        alarms=data["alarms"],
        normal_hours=data["normal_hours"],
    )


def prior_bytes(prior: Prior) -> bytes:
    """Return a prior for the store."""
    return json.dumps({"shape": prior.shape, "strength": prior.strength, "noise": prior.noise}).encode()


def prior_from(data: bytes) -> Prior:
    """Return the prior that `prior_bytes` has written."""
    values = json.loads(data)
    return Prior(tuple(values["shape"]), tuple(values["strength"]), values["noise"])


def _verdict_data(verdict: Verdict) -> dict[str, Any]:
    data = {each.name: getattr(verdict, each.name) for each in fields(verdict)}
    data["hour"], data["kind"], data["rule"] = verdict.hour.isoformat(), verdict.kind.value, verdict.rule.value
    data["value"] = str(verdict.value)
    return data


def _verdict(data: dict[str, Any]) -> Verdict:
    known = {each.name for each in fields(Verdict)}
    values = {name: value for name, value in data.items() if name in known}
    values["hour"] = datetime.datetime.fromisoformat(values["hour"])
    values["kind"], values["rule"] = _KINDS[values["kind"]], _RULES[values["rule"]]
    values["value"] = Decimal(values["value"])
    return Verdict(**values)
