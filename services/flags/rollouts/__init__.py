"""Rollout plans: how a variant reaches everybody, stage by stage, and how it is taken back."""
