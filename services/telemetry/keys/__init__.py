"""The API keys, which the flag service owns and tells."""
