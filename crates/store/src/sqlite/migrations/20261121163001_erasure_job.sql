-- What HubSpot still has of people who were forgotten: by record, without an address.
CREATE TABLE erasure_job (
    tenant_id TEXT NOT NULL,
    record TEXT NOT NULL,
    since INTEGER NOT NULL,
    -- The property was found, or written, without them. It is read once more when no earlier write can come any more.
    removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1)),
    PRIMARY KEY (tenant_id, record)
) STRICT, WITHOUT ROWID;

-- Their notes: to be archived, or to be written again because they hold other people's entries too.
CREATE TABLE erasure_note (
    tenant_id TEXT NOT NULL,
    key TEXT NOT NULL,
    record TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('archive', 'rewrite')),
    -- HubSpot's id; absent where it is not known whether HubSpot made the note.
    note TEXT,
    -- When HubSpot may have been asked for it last.
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX erasure_note_record ON erasure_note (tenant_id, record);
