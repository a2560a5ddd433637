"""Plays the story as time goes by, through the real client."""

import asyncio
import time
from typing import Final

from mirante import Mirante

from services.demo_shop.browsers import Browsers
from services.demo_shop.happening import Happening
from services.demo_shop.messages import message_of
from services.demo_shop.rush import Rush
from services.demo_shop.schedule import Schedule
from services.demo_shop.world import local_time

_LONGEST_SLEEP_SECONDS: Final = 1.0
"""The clock on the wall may be set, or the machine have slept."""
_TOO_LATE_MS: Final = 300_000
"""What should have happened longer ago did not happen: the machine was asleep."""


class Shop:
    """Lets happen what the schedule says, and what a drill wants."""

    def __init__(self, client: Mirante, browsers: Browsers, schedule: Schedule, rush: Rush) -> None:
        self._client = client
        self._browsers = browsers
        self._schedule = schedule
        self._rush = rush

    async def open(self) -> None:
        """Play; for ever."""
        while True:
            now_ms = time.time_ns() // 1_000_000
            for visit in self._rush.visits(now_ms):
                self._schedule.join(visit)
            for happening in self._schedule.due(now_ms):
                if happening.at_ms > now_ms - _TOO_LATE_MS:
                    self.tell(happening)
            wait = (min(self._schedule.next_ms, self._rush.next_ms) - now_ms) / 1000
            await asyncio.sleep(min(_LONGEST_SLEEP_SECONDS, max(0.01, wait)))

    def tell(self, happening: Happening) -> None:
        """Let one thing happen."""
        if happening.recorded:
            return
        if happening.page:
            self._browsers.tell(message_of(happening))
            return
        if happening.name == "login_sucesso":
            traits = {"plano": happening.plan, "regiao": happening.region}
            self._client.identify(happening.user_id, traits, tenant=happening.tenant)
        self._client.track(
            happening.name,
            happening.properties,
            user_id=happening.user_id,
            tenant=happening.tenant,
            session_id=happening.session_id,
            occurred_at=local_time(happening.at_ms),
            event_id=happening.event_id,
        )
