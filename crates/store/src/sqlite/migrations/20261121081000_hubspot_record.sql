-- HubSpot's records Parlor writes to.
CREATE TABLE hubspot_record (
    tenant_id TEXT NOT NULL,
    record TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('live', 'full', 'gone', 'refused')),
    state_since INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL DEFAULT 0,
    -- Until when a write of unclear outcome may still be applied.
    unconfirmed_until INTEGER,
    detail TEXT,
    PRIMARY KEY (tenant_id, record)
) STRICT, WITHOUT ROWID;

CREATE INDEX hubspot_record_unconfirmed ON hubspot_record (tenant_id, unconfirmed_until)
    WHERE unconfirmed_until IS NOT NULL;
