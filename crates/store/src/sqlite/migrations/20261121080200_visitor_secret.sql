-- One-time codes and tokens of visitors, by their SHA-256. They are looked up before the tenant is known.
CREATE TABLE visitor_secret (
    tenant_id TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    kind TEXT NOT NULL CHECK (kind IN ('code', 'token')),
    visitor_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, visitor_id) REFERENCES visitor (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX visitor_secret_hash ON visitor_secret (hash);
CREATE INDEX visitor_secret_visitor ON visitor_secret (tenant_id, visitor_id);
CREATE INDEX visitor_secret_expires_at ON visitor_secret (expires_at);
