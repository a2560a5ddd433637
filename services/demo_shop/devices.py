"""What people work with, and how fast pages are on it. Pure."""

import math
from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple


class Device(NamedTuple):
    """A device and its browser; `slowness` is how much longer everything takes than on a desktop."""

    type: str
    system: str
    browser: str
    version: str
    slowness: float


_DEVICES: Final = (
    (0.44, Device("desktop", "Windows", "Chrome", "143", 1.0)),
    (0.08, Device("desktop", "Windows", "Edge", "143", 1.0)),
    (0.06, Device("desktop", "Linux", "Firefox", "145", 1.1)),
    (0.06, Device("desktop", "macOS", "Safari", "26.1", 0.9)),
    (0.24, Device("mobile", "Android", "Chrome", "143", 1.7)),
    (0.08, Device("mobile", "iOS", "Safari", "26.1", 1.3)),
    (0.04, Device("tablet", "Android", "Samsung Internet", "29", 2.1)),
)
_WEIGHTS: Final = tuple(weight for weight, _ in _DEVICES)

PAGES: Final = {
    # Milliseconds of LCP and INP, and CLS, that half of the views on a desktop stay below.
    "/painel": (1_500.0, 90.0, 0.03),
    "/vendas": (1_250.0, 80.0, 0.05),
    "/vendas/nova": (1_000.0, 110.0, 0.02),
    "/vendas/{id}": (1_100.0, 60.0, 0.02),
    "/relatorios": (2_300.0, 170.0, 0.09),
}
"""Every page that is played. Reports are slow, and worst on what is slow itself."""


def device_of(draw: Random) -> Device:
    """Return what somebody works with."""
    [(_, device)] = draw.choices(_DEVICES, _WEIGHTS)
    return device


def load_ms(draw: Random, page: str, device: Device) -> int:
    """Return how long a page takes to open."""
    return int(PAGES[page][0] * 0.8 * device.slowness * draw.lognormvariate(0.0, 0.4))


def web_vitals(draw: Random, page: str, device: Device, *, faulty: bool) -> Iterator[tuple[str, float]]:
    """Yield what a browser measures of a view, by name. With a fault, everything answers late."""
    lcp, inp, cls = PAGES[page]
    late = 2.5 if faulty else 1.0
    largest = lcp * device.slowness * draw.lognormvariate(0.0, 0.45)
    yield "LCP", round(largest, 1)
    yield "INP", round(inp * device.slowness * late * draw.lognormvariate(0.0, 0.6), 1)
    yield "CLS", round(min(1.0, cls * draw.lognormvariate(0.0, 0.8)), 4)
    if draw.random() < 0.25:
        yield "TTFB", round(largest * draw.uniform(0.2, 0.35), 1)
        yield "FCP", round(largest * draw.uniform(0.5, 0.85), 1)


def pause_ms(draw: Random) -> int:
    """Return how long somebody looks at something before they go on."""
    return int(1000 * min(240.0, max(0.4, draw.lognormvariate(math.log(18.0), 0.8))))
