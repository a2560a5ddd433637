"""
Plays a feature that fails, for the kill-switch drill of docs/guias: it sends errors until its flag is off.

    mirante flags create simulado_kill_switch --on
    python -m examples.kill_switch_drill
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from mirante import Mirante

FLAG = "simulado_kill_switch"
TENANT = "simulado"
PEOPLE = 30
READY_SECONDS = 10


def fail_until_off(mirante: Mirante, errors_per_second: float, longest_seconds: float) -> float | None:
    """Send errors of people who have the feature; return after how many seconds it was off, None if it never was."""
    begun = time.monotonic()
    number = 0
    while (passed := time.monotonic() - begun) < longest_seconds:
        person = f"simulado-{number % PEOPLE}"
        if not mirante.is_enabled(FLAG, {"targeting_key": person, "tenant_id": TENANT}):
            return passed
        error = {"tipo": "Simulado", "mensagem": "erro de mentira, do simulado de kill switch"}
        mirante.track("erro_frontend", error, user_id=person, tenant=TENANT)
        number += 1
        time.sleep(1 / errors_per_second)
    return None


def main() -> None:
    """Run it against the services of this machine, or those of the usual variables."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--errors-per-second", type=float, default=5.0)
    arguments.add_argument("--longest-seconds", type=float, default=900.0)
    given = arguments.parse_args()
    with Mirante(
        _address("MIRANTE_ADDRESS", "MIRANTE_FLAGS_PORT", 50051),
        api_key=_key(),
        telemetry_address=_address("MIRANTE_TELEMETRY_ADDRESS", "MIRANTE_TELEMETRY_PORT", 50052),
        name="simulado",
    ) as mirante:
        mirante.wait_until_ready(READY_SECONDS)
        _say("errors begin")
        off_after = fail_until_off(mirante, given.errors_per_second, given.longest_seconds)
        ended = "the flag is still on" if off_after is None else f"off, after {off_after:.1f} s"
        _say(ended)


def _say(what: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')}  {what}\n")
    sys.stdout.flush()


def _address(variable: str, port_variable: str, port: int) -> str:
    return os.environ.get(variable) or f"localhost:{os.environ.get(port_variable) or port}"


def _key() -> str:
    given = os.environ.get("MIRANTE_API_KEY")
    if given:
        return given
    home = Path(os.environ.get("MIRANTE_HOME") or ".mirante")
    return str(json.loads((home / "keys.json").read_text())["server"])


if __name__ == "__main__":
    main()
