"""Whether a flag still draws as its experiment says: whoever may change the flag can change that."""

from typing import Final

from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.experiments.designing.allocation import draws
from services.metrics.experiments.desk import LIVE
from services.metrics.experiments.outside import Flags
from services.runtime.errors import NotFound, ServiceError

_CHANGED: Final = "A flag não sorteia mais como o experimento pede: alguém a mudou, desligou ou matou."


class AsDrawn:
    """
    Looks at flags of experiments.

    Args:
        flags: where they are.
    """

    def __init__(self, flags: Flags) -> None:
        self._flags = flags

    async def holds(self, environment: str, record: pb2.ExperimentRecord) -> bool:
        """Return whether the flag draws as the newest phase says, or that is not known, or matters no more."""
        if record.state not in LIVE:
            return True
        try:
            held = await self._flags.get(environment, record.experiment.flag_key)
        except NotFound:
            return False
        except ServiceError:
            return True
        return draws(held.flag, record)


def warned(results: result_pb2.ExperimentResults) -> result_pb2.ExperimentResults:
    """Return results that say that the flag draws in another way."""
    told = result_pb2.ExperimentResults()
    told.CopyFrom(results)
    told.health.warnings.append(_CHANGED)
    return told
