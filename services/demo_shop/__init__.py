"""A shop that is always open: plays the users of a few made-up tenants through the real client."""
