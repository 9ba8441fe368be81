-- Who registered in a widget.
CREATE TABLE visitor (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    widget_id TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT,
    email TEXT NOT NULL,
    email_verified INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, widget_id) REFERENCES widget (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX visitor_widget ON visitor (tenant_id, widget_id);
