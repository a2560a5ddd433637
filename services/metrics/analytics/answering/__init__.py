"""
What stands between `AnalyticsService` and the engine of reports.

Questions come as messages and are checked here; processes of their own answer them, each within a time and a memory
that kill nothing but the report; answers are remembered as long as the store is as it was.
"""
