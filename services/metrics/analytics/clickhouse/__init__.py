"""
The event log in ClickHouse, for who outgrows one machine.

One elected process follows the log and writes a table of each environment; reports read it. A row and the cursor cannot
be committed together there: a row's key is its position in the log, so that what is sent again is the same row, and
what was sent behind the cursor that is known is taken away before it is sent anew.
"""
