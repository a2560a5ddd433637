"""Tells open event streams that answers may have changed."""

from dataclasses import dataclass

from services.gateway.http.pulse import Pulse


@dataclass(frozen=True, slots=True)
class Pulses:
    """
    Of one environment: `visible` beats when a flag that browsers may see is concerned, `all` for every flag.

    Thousands of browsers need not ask again for a flag that none of them sees.
    """

    visible: Pulse
    all: Pulse

    @classmethod
    def new(cls) -> "Pulses":
        """Return two that stand still."""
        return cls(Pulse(), Pulse())

    def beat(self, *, visible: bool) -> None:
        """Tell of a change."""
        self.all.beat()
        if visible:
            self.visible.beat()
