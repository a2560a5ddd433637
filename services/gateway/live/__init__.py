"""Live metrics over WebSockets."""
