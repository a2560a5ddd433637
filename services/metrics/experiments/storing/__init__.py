"""Experiments in Postgres."""
