"""How the programme of flags and experiments does: the life of each flag, and what is computed of all of them."""
