"""Experiments: what is tested, by whom it was seen, and what came of it."""
