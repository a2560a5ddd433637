"""Who may come in: API keys, browser tokens, origins."""
