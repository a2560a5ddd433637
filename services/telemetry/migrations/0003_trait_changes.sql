-- The transaction that a trait was changed by, as events.xid: who keeps a copy goes on behind what they have.
ALTER TABLE traits ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();

DO $$
BEGIN
    EXECUTE format(
        'ALTER TABLE traits ALTER COLUMN xid SET DEFAULT (pg_current_xact_id()::text::bigint + %s)::text::xid8',
        (SELECT xid_offset FROM telemetry_installation)
    );
END
$$;

CREATE INDEX traits_by_change ON traits (environment, xid, tenant, user_id, name);
