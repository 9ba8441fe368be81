-- What failed for too long rests as a dead letter: since when it has failed, since when it rests, and what HubSpot's support asks
-- for. SQLite cannot change a CHECK, so both tables are made anew.
CREATE TABLE hubspot_address_new (
    tenant_id TEXT NOT NULL,
    email TEXT NOT NULL,
    record TEXT,
    state TEXT NOT NULL CHECK (state IN ('pending', 'linked', 'refused', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL,
    detail TEXT,
    ordered_at INTEGER NOT NULL,
    failing_since INTEGER,
    rests_since INTEGER,
    correlation_id TEXT,
    PRIMARY KEY (tenant_id, email),
    CHECK ((state = 'linked') = (record IS NOT NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO hubspot_address_new
    (tenant_id, email, record, state, attempts, next_attempt_at, detail, ordered_at, rests_since)
SELECT tenant_id, email, record, state, attempts, next_attempt_at, detail, ordered_at,
       CASE WHEN state = 'refused' THEN next_attempt_at END
FROM hubspot_address;
DROP TABLE hubspot_address;
ALTER TABLE hubspot_address_new RENAME TO hubspot_address;
CREATE INDEX hubspot_address_record ON hubspot_address (tenant_id, record) WHERE record IS NOT NULL;
CREATE INDEX hubspot_address_pending ON hubspot_address (tenant_id, ordered_at) WHERE state = 'pending';
CREATE INDEX hubspot_address_resting ON hubspot_address (tenant_id, rests_since) WHERE state IN ('refused', 'dead');

CREATE TABLE hubspot_record_new (
    tenant_id TEXT NOT NULL,
    record TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('live', 'full', 'gone', 'refused', 'dead')),
    state_since INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL DEFAULT 0,
    -- Until when a write of unclear outcome may still be applied.
    unconfirmed_until INTEGER,
    detail TEXT,
    failing_since INTEGER,
    correlation_id TEXT,
    PRIMARY KEY (tenant_id, record)
) STRICT, WITHOUT ROWID;

INSERT INTO hubspot_record_new
    (tenant_id, record, state, state_since, attempts, next_attempt_at, unconfirmed_until, detail)
SELECT tenant_id, record, state, state_since, attempts, next_attempt_at, unconfirmed_until, detail FROM hubspot_record;
DROP TABLE hubspot_record;
ALTER TABLE hubspot_record_new RENAME TO hubspot_record;
CREATE INDEX hubspot_record_unconfirmed ON hubspot_record (tenant_id, unconfirmed_until)
    WHERE unconfirmed_until IS NOT NULL;
CREATE INDEX hubspot_record_resting ON hubspot_record (tenant_id, state_since) WHERE state IN ('refused', 'dead');
