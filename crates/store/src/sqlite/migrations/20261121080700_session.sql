-- Sessions of browsers, by the SHA-256 of their id. They belong to the installation: tenant_id is 'default'.
CREATE TABLE session (
    tenant_id TEXT NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 32),
    data TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX session_expires_at ON session (tenant_id, expires_at);
