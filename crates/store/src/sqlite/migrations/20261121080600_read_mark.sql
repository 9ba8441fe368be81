-- How far each rep has read each conversation.
CREATE TABLE read_mark (
    tenant_id TEXT NOT NULL,
    rep_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, rep_id, conversation_id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX read_mark_conversation ON read_mark (tenant_id, conversation_id);
