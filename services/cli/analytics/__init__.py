"""Commands about product analytics."""
