"""
The SQL door: one SELECT of an analyst, on the events of one tenant.

Every statement runs in a process of its own. What keeps it in is the engine there: it was given the rows that may be
seen and nothing else, before its configuration was locked; and the system, which bounds what the process may use.
Reading the statement first makes errors clear, and keeps out what would tell about the server.
"""
