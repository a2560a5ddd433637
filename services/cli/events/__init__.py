"""`mirante events`: what happened, what should have, and what was refused."""
