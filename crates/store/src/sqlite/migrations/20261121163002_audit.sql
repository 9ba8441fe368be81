-- What was done to people's data, by whom: without anything personal of those it was done to.
CREATE TABLE audit (
    tenant_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- A rep's id, 'command line' or 'retention'.
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    visitors INTEGER NOT NULL,
    conversations INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, number)
) STRICT, WITHOUT ROWID;
