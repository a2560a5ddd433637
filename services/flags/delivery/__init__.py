"""How many subscribers, over all replicas, have applied a revision."""
