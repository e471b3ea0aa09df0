-- The indexes by which turns of behaviour that are to be forgotten are found, and the answers that were paid for them.

CREATE INDEX turns_of_behaviour_by_age ON turns (company_id, created_at) WHERE kind = 'behaviour';
-- Calls whose answers were forgotten leave this index, so that each sweep looks at what is left alone.
CREATE INDEX ai_interactions_of_behaviour ON ai_interactions (company_id, created_at)
    WHERE conversation_id IS NULL AND turn_id IS NOT NULL;
