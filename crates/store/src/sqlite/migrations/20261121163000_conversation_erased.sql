-- Text and identity of an erased conversation are gone; its messages stay as empty tombstones. 'forgotten': the person asked for it,
-- and HubSpot is to lose it too. 'expired': its time here ended, and HubSpot keeps its copy.
ALTER TABLE conversation ADD COLUMN erased TEXT CHECK (erased IN ('forgotten', 'expired'));

CREATE INDEX conversation_erased ON conversation (tenant_id, change) WHERE erased IS NOT NULL;
CREATE INDEX conversation_quiet ON conversation (tenant_id, last_at) WHERE erased IS NULL;
