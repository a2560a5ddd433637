"""
Messages of reports to questions of the engine, and its results to messages.

A module for each part of the engine; `reports.REPORTS` has them all. Who adds a report adds its messages to the
contracts, its conversion here, and its table.
"""
