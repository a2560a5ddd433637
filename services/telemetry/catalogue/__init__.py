"""The catalogue: which events there are, what they carry, and what is done with those that differ."""
