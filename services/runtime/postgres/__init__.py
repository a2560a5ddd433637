"""What every service does with its Postgres."""
