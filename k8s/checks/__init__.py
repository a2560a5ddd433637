"""What is checked of the manifests without a cluster. `python -m k8s.checks` checks all of it."""
