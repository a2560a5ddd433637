"""People who use the dashboard: who they are, how they log in, and their sessions."""
