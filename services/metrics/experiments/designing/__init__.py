"""Designs: what they must be, what they ask of the store, and the part of a layer that they get. Pure."""
