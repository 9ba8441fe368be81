-- When a conversation ended, and whether its end is still to be summed up on the contact's timeline.
ALTER TABLE conversation ADD COLUMN closed_at INTEGER;
ALTER TABLE conversation ADD COLUMN to_sum_up INTEGER NOT NULL DEFAULT 0 CHECK (to_sum_up IN (0, 1));

CREATE INDEX conversation_open ON conversation (tenant_id, last_at) WHERE state = 'open';
CREATE INDEX conversation_to_sum_up ON conversation (tenant_id, closed_at) WHERE to_sum_up = 1;
