"""Traces, metrics and logs. Nothing here knows what the services do."""
