-- A chat on a site. Keys stand in snippets and are looked up before the tenant is known, so they are unique over all tenants.
-- 1348563564 is "Parl": it tells a Parlor database from any other SQLite file.
PRAGMA application_id = 1348563564;

CREATE TABLE widget (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    origins TEXT NOT NULL CHECK (json_valid(origins)),
    last_name_required INTEGER NOT NULL CHECK (last_name_required IN (0, 1)),
    accent TEXT NOT NULL,
    greeting TEXT NOT NULL,
    position TEXT NOT NULL CHECK (position IN ('start', 'end')),
    -- The tenant's first, second, third widget: times may be equal, or go back.
    ordinal INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name),
    UNIQUE (tenant_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX widget_key ON widget (key);
