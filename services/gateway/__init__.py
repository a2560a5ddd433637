"""The HTTP edge: translates between HTTP and the services' gRPC, and decides nothing."""
