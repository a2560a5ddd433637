"""The Kubernetes API as the controller needs it: objects as JSON over HTTP, a watch, a Lease, events."""
