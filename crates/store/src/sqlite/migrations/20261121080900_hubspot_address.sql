-- Addresses and the HubSpot records they are linked to.
CREATE TABLE hubspot_address (
    tenant_id TEXT NOT NULL,
    email TEXT NOT NULL,
    record TEXT,
    state TEXT NOT NULL CHECK (state IN ('pending', 'linked', 'refused')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL,
    detail TEXT,
    ordered_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, email),
    CHECK ((state = 'linked') = (record IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX hubspot_address_record ON hubspot_address (tenant_id, record) WHERE record IS NOT NULL;
CREATE INDEX hubspot_address_pending ON hubspot_address (tenant_id, ordered_at) WHERE state = 'pending';
