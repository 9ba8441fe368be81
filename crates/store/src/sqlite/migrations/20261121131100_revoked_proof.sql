-- Proofs of identity that are refused though they have not ended yet, by their SHA-256. All of them are read at the start.
CREATE TABLE revoked_proof (
    tenant_id TEXT NOT NULL,
    widget_id TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, widget_id, hash),
    FOREIGN KEY (tenant_id, widget_id) REFERENCES widget (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX revoked_proof_expires_at ON revoked_proof (expires_at);
