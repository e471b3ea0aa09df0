-- What stays of conversations whose texts are forgotten, and the indexes by which old rows are found.

-- A forgotten conversation in figures: what the analytics of its day need, and nothing that leads to a user.
CREATE TABLE conversation_figures (
    company_id      uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    began_at        timestamptz NOT NULL,
    row_id          uuid NOT NULL DEFAULT gen_random_uuid(),
    escalated       boolean NOT NULL,
    resolved        boolean,
    first_answer_ms integer,
    messages        integer NOT NULL,
    of_user         integer NOT NULL,            -- messages that the user wrote
    up              integer NOT NULL,            -- thumbs
    down            integer NOT NULL,
    PRIMARY KEY (company_id, began_at, row_id)
);
ALTER TABLE conversation_figures ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation_figures FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON conversation_figures TO onboarding_app
    USING (company_id = ANY ((SELECT app_company_ids())::uuid[]))
    WITH CHECK (company_id = ANY ((SELECT app_company_ids())::uuid[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON conversation_figures TO onboarding_app;

CREATE INDEX conversations_closed ON conversations (company_id, closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX escalations_by_conversation ON escalations (company_id, conversation_id)
    WHERE conversation_id IS NOT NULL;
CREATE INDEX translations_by_age ON translations (company_id, created_at);
CREATE INDEX profile_facts_by_age ON profile_facts (company_id, updated_at);
