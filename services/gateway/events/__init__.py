"""Events of browsers, handed on to the telemetry service."""
