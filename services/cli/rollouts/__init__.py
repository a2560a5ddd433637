"""`mirante rollouts`: plans that bring a variant to everybody, stage by stage."""
