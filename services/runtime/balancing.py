"""How calls between services find all replicas of the one that they call."""

import json
from typing import Final

ROUND_ROBIN: Final = ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]}))
"""
The channel option by which calls go to each address of a name in turn, and pass over those that do not answer.

gRPC's default stays with the first address for as long as it answers: with a name that stands for several replicas, as
that of a headless Service does, the others would have nothing to do.
"""
