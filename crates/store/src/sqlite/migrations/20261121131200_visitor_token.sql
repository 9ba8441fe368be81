-- HubSpot's visitor tokens, kept until shortly before they end. The key is a hash of all that a token was asked for, the
-- generation one of the HubSpot key it came by.
CREATE TABLE visitor_token (
    tenant_id TEXT NOT NULL,
    key BLOB NOT NULL CHECK (length(key) = 32),
    generation BLOB NOT NULL CHECK (length(generation) = 32),
    -- Encrypted before it comes here.
    sealed BLOB NOT NULL CHECK (length(sealed) > 0),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX visitor_token_expires_at ON visitor_token (tenant_id, expires_at);
CREATE INDEX visitor_token_generation ON visitor_token (tenant_id, generation);

-- How many of them each tenant has: there is a bound, and nobody counts them all for each that is added.
CREATE TABLE visitor_token_count (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    kept INTEGER NOT NULL CHECK (kept >= 0)
) STRICT, WITHOUT ROWID;
