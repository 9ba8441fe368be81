-- Conversations, the numbers of their changes, and what is not delivered to HubSpot yet.
CREATE TABLE conversation (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    visitor_id TEXT NOT NULL,
    widget_id TEXT NOT NULL,
    -- The visitor's address once more: it leads from an undelivered conversation to its record without touching visitors.
    email TEXT NOT NULL,
    page TEXT NOT NULL CHECK (json_valid(page)),
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    held INTEGER NOT NULL CHECK (held IN (0, 1)),
    -- Its record was found deleted in HubSpot: its text is not written to a later one.
    abandoned INTEGER NOT NULL DEFAULT 0 CHECK (abandoned IN (0, 1)),
    last_seq INTEGER NOT NULL DEFAULT 0,
    delivered_seq INTEGER NOT NULL DEFAULT 0,
    change INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, visitor_id) REFERENCES visitor (tenant_id, id),
    FOREIGN KEY (tenant_id, widget_id) REFERENCES widget (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX conversation_change ON conversation (tenant_id, change);
CREATE UNIQUE INDEX conversation_visitor ON conversation (tenant_id, visitor_id);
CREATE INDEX conversation_widget ON conversation (tenant_id, widget_id);
CREATE INDEX conversation_email ON conversation (tenant_id, email, created_at);
CREATE INDEX conversation_undelivered ON conversation (tenant_id, email, delivered_seq)
    WHERE held = 0 AND abandoned = 0 AND last_seq > delivered_seq;

-- The newest change number of each tenant; it never goes back, whatever is removed.
CREATE TABLE change_counter (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    latest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
