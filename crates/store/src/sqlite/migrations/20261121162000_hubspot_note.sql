-- Notes that Parlor writes on the timelines of HubSpot's contacts. A note has no name at HubSpot by which a second attempt to create
-- it would be recognised: it is planned here first, and its key stands in its heading.
CREATE TABLE hubspot_note (
    tenant_id TEXT NOT NULL,
    key TEXT NOT NULL,
    record TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('overflow', 'summary')),
    -- The record's first, second, third note of its kind, for people. After a merge two may have the same.
    number INTEGER NOT NULL,
    -- planned: not asked for. asked: HubSpot may have it. created: it has its heading at least. filled: it has all its entries.
    state TEXT NOT NULL CHECK (state IN ('planned', 'asked', 'created', 'filled')),
    note TEXT,
    -- When HubSpot was asked last for something whose outcome is not known.
    asked_at INTEGER,
    planned_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key),
    CHECK ((state IN ('created', 'filled')) = (note IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX hubspot_note_record ON hubspot_note (tenant_id, record, kind, number);
CREATE INDEX hubspot_note_unfinished ON hubspot_note (tenant_id, record) WHERE state <> 'filled';

-- Which messages stand in a note: of each conversation an unbroken run.
CREATE TABLE hubspot_note_range (
    tenant_id TEXT NOT NULL,
    key TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key, conversation_id),
    FOREIGN KEY (tenant_id, key) REFERENCES hubspot_note (tenant_id, key),
    CHECK (from_seq BETWEEN 1 AND to_seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX hubspot_note_range_conversation ON hubspot_note_range (tenant_id, conversation_id, to_seq);
