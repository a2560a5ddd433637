"""What is remembered of the API keys, which the flag service owns and tells."""
