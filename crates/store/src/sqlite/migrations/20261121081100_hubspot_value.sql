-- The SHA-256 of every value sent to a record's property: what HubSpot holds and is not here is somebody else's.
CREATE TABLE hubspot_value (
    tenant_id TEXT NOT NULL,
    record TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    sent_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, record, hash)
) STRICT, WITHOUT ROWID;
