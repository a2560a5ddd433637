"""
Takes events in: checked one by one, committed in groups, answered after the commit.

`Intake` turns a batch into candidates; `GroupCommit` queues them, fairly between tenants, and hands groups to a
`LogWriter`, which commits a group in one transaction and says what became of each candidate.
"""
