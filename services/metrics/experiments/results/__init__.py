"""What an experiment says: its looks, its health, its numbers. Pure, over what the store said."""
