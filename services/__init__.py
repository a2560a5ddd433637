"""Mirante's services."""

import os

# gRPC would prepare itself for forks. What services start are other programs: there its preparations are of no use, and
# now and then end the new process before the program has begun. It has to be said before gRPC is first imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
