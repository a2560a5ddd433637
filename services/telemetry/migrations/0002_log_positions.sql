-- Transaction ids begin anew when a dump is restored on another server. What is added to them then, so that positions
-- in the log only ever grow; the default of events.xid adds it too.
ALTER TABLE telemetry_installation ADD COLUMN xid_offset bigint NOT NULL DEFAULT 0;

-- The lowest and highest transaction in an archive; null when it is empty.
ALTER TABLE archives ADD COLUMN lowest_xid xid8, ADD COLUMN highest_xid xid8;
