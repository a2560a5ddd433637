"""Product analytics: a columnar copy of the event log, and what is asked of it."""
