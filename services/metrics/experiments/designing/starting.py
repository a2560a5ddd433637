"""What a start has to find beside other live experiments. Pure."""

from collections.abc import Sequence

from mirante.api.metrics.v1 import experiment_pb2 as pb2

from services.metrics.experiments.designing.layers import Range, free_range, free_share, salt_of
from services.runtime.errors import StateConflict


def check_free(frozen: pb2.Experiment, others: Sequence[pb2.ExperimentRecord]) -> None:
    """Raise `StateConflict` when another live experiment draws by the same rule."""
    for other in others:
        if (other.experiment.flag_key, other.experiment.rule_id) == (frozen.flag_key, frozen.rule_id):
            raise StateConflict(f"the experiment {other.experiment.key!r} draws by the same rule of the flag")


def range_for(frozen: pb2.Experiment, others: Sequence[pb2.ExperimentRecord]) -> pb2.LayerRange:
    """Return the buckets that an experiment gets beside other live ones; raise `StateConflict` for a full layer."""
    salt = salt_of(frozen.layer, frozen.key)
    taken = [
        Range(other.layer_range.start, other.layer_range.end) for other in others if other.layer_range.salt == salt
    ]
    held = max([frozen.holdout, *(each.experiment.holdout for each in others if each.layer_range.salt == salt)])
    found = free_range(taken, frozen.layer_share, held)
    if found is None:
        left = max(free_share(taken, held), 0)
        raise StateConflict(
            f"the layer {frozen.layer!r} is full: {left / 1000:g} % are free at most, and not in one piece of what is "
            "needed; experiments of one layer have 100 % together"
        )
    return pb2.LayerRange(salt=salt, start=found.start, end=found.end)
