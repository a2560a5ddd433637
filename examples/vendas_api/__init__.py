"""A small sales backend with five of its features behind flags."""
