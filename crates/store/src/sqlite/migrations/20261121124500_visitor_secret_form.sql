-- A third kind of secret: the form that registered a visitor, so that the same form sent again finds them. SQLite changes no
-- CHECK in place, so the table is made anew; no other table refers to it.
CREATE TABLE visitor_secret_anew (
    tenant_id TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    kind TEXT NOT NULL CHECK (kind IN ('code', 'token', 'form')),
    visitor_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, visitor_id) REFERENCES visitor (tenant_id, id)
) STRICT, WITHOUT ROWID;

INSERT INTO visitor_secret_anew (tenant_id, hash, kind, visitor_id, expires_at)
SELECT tenant_id, hash, kind, visitor_id, expires_at FROM visitor_secret;

DROP TABLE visitor_secret;
ALTER TABLE visitor_secret_anew RENAME TO visitor_secret;

CREATE UNIQUE INDEX visitor_secret_hash ON visitor_secret (hash);
CREATE INDEX visitor_secret_visitor ON visitor_secret (tenant_id, visitor_id);
CREATE INDEX visitor_secret_expires_at ON visitor_secret (expires_at);
