-- Budgets of users and conversations, exact and cheap; what users agreed to have remembered; erasure.

-- What a company's calls have come to by UTC day, so that a reservation adds up a few rows instead of all the day's
-- calls. Each day has several: calls that end at the same moment seldom wait for each other.
CREATE TABLE ai_spend_days (
    company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    day        date NOT NULL,
    part       smallint NOT NULL,
    cents      numeric(14, 6) NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, day, part)
) WITH (fillfactor = 80);
INSERT INTO ai_spend_days (company_id, day, part, cents)
    SELECT company_id, (created_at AT TIME ZONE 'UTC')::date, 0,
           coalesce(sum(CASE status WHEN 'done' THEN coalesce(cost_cents, reserved_cents) ELSE coalesce(cost_cents, 0) END), 0)
    FROM ai_interactions GROUP BY 1, 2;

ALTER TABLE ai_interactions
    ADD COLUMN reserved_out integer NOT NULL DEFAULT 0, -- the part of reserved_tokens that the answer may take
    ADD COLUMN nearly text[] NOT NULL DEFAULT '{}';     -- budgets that this call was the first to find nearly spent
-- A user's calls of a day. By the date itself, not by a range of times: without fresh statistics the planner would take
-- that range for a reason to read all calls of the company's day.
DROP INDEX ai_interactions_by_user;
CREATE INDEX ai_interactions_by_user ON ai_interactions (company_id, user_id, ((created_at AT TIME ZONE 'UTC')::date))
    WHERE user_id IS NOT NULL;
-- The calls under way, of which there are few however long the day.
CREATE INDEX ai_interactions_under_way ON ai_interactions (company_id, created_at) WHERE status = 'started';

ALTER TABLE ai_spend_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE ai_spend_days FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON ai_spend_days TO onboarding_app
    USING (company_id = ANY ((SELECT app_company_ids())::uuid[]))
    WITH CHECK (company_id = ANY ((SELECT app_company_ids())::uuid[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON ai_spend_days TO onboarding_app;

-- When the user was asked whether facts may be kept: asked once, whatever the answer.
ALTER TABLE users ADD COLUMN asked_to_remember_at timestamptz;

-- Users who were erased within the last hour: what of them was on its way then is erased as well when it is stored.
CREATE TABLE erasures (
    company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    user_id    text NOT NULL,
    receipt_id uuid NOT NULL,
    erased_at  timestamptz NOT NULL,
    PRIMARY KEY (company_id, user_id)
);
ALTER TABLE erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasures FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON erasures TO onboarding_app
    USING (company_id = ANY ((SELECT app_company_ids())::uuid[]))
    WITH CHECK (company_id = ANY ((SELECT app_company_ids())::uuid[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON erasures TO onboarding_app;

-- The audit log is only ever added to, but for this: the name of an erased user gives way to the erasure's receipt.
GRANT UPDATE (subject) ON audit_log TO onboarding_app;
CREATE POLICY erasure ON audit_log AS RESTRICTIVE FOR UPDATE TO onboarding_app
    USING (action LIKE 'user.%') WITH CHECK (subject LIKE 'erased:%');
