"""Telemetry of the client: events, who is who, and exposures of flags, kept until the service has them."""
