-- The portal that a tenant's conversations are written to, and the token given by page or command, sealed.
CREATE TABLE hubspot_portal (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    -- The first portal written to; what is kept of its records is worth nothing in another.
    portal_id INTEGER,
    token BLOB CHECK (length(token) > 0),
    -- Grows with each token that is given.
    generation INTEGER NOT NULL DEFAULT 0,
    connected_at INTEGER,
    -- The SHA-256 of the setting's token when this one was taken up: another one there was given later, and wins.
    instead_of BLOB CHECK (length(instead_of) = 32)
) STRICT, WITHOUT ROWID;
