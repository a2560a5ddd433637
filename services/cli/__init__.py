"""The command line `mirante`."""

import os

# Read when grpc is first imported. What the transport would tell on its own, a refusal says better.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
