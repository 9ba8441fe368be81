-- Which chat a widget boots, and how its site proves who its visitors are. A widget without a row has Parlor's and no proof.
CREATE TABLE widget_identity (
    tenant_id TEXT NOT NULL,
    widget_id TEXT NOT NULL,
    provider TEXT NOT NULL CHECK (provider IN ('parlor', 'hubspot')),
    waits_for_consent INTEGER NOT NULL CHECK (waits_for_consent IN (0, 1)),
    -- Encrypted before it comes here.
    secret BLOB CHECK (length(secret) > 0),
    public_key BLOB CHECK (length(public_key) = 32),
    landing_page INTEGER NOT NULL CHECK (landing_page IN (0, 1)),
    not_before INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, widget_id),
    FOREIGN KEY (tenant_id, widget_id) REFERENCES widget (tenant_id, id)
) STRICT, WITHOUT ROWID;
