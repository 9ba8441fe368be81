-- The store was restored from a backup: notes on this record may hold entries that it takes to be in the property. They are read once.
ALTER TABLE hubspot_record ADD COLUMN restored INTEGER NOT NULL DEFAULT 0 CHECK (restored IN (0, 1));
