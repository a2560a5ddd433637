"""The JSON admin API: the gRPC services themselves in JSON, and the sessions of the people who use it."""
