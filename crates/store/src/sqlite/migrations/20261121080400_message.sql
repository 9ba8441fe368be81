-- The log: a conversation's messages lie side by side in the order of their seq.
CREATE TABLE message (
    tenant_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    author_kind TEXT NOT NULL CHECK (author_kind IN ('visitor', 'rep')),
    author_id TEXT NOT NULL,
    author_name TEXT NOT NULL,
    text TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id, seq),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX message_id ON message (tenant_id, conversation_id, id);
