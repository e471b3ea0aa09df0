-- The first schema. Every table of a company's data has company_id first in its key and row-level security forced.
--
-- Three kinds of role:
--   the login that runs this file owns the tables (and may be the only login there is);
--   onboarding_app     reads and writes rows of the companies named in app.company_ids, nothing else;
--   onboarding_system  does what precedes a company: key and login look-ups, sweeping for work left behind.
-- Neither may bypass row-level security; a process switches to them with SET ROLE (see db/pool.py). db/migrate.py makes
-- both before it runs this file, since roles belong to the cluster and not to one database.

-- The companies that this transaction may touch. STABLE and read once per statement, through a scalar sub-select in
-- the policies.
CREATE FUNCTION app_company_ids() RETURNS uuid[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(nullif(current_setting('app.company_ids', true), ''), '{}')::uuid[];

CREATE TABLE companies (
    company_id       uuid PRIMARY KEY,
    name             text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    identity_secrets bytea[] NOT NULL,      -- encrypted; newest first, at most two valid at once
    webhook_secret   bytea NOT NULL,        -- encrypted
    created_at       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
    company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    key_id     uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('public', 'secret')),
    key_hash   bytea NOT NULL UNIQUE,
    label      text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (company_id, key_id)
);

CREATE TABLE admins (
    company_id    uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    admin_id      uuid NOT NULL,
    email         text NOT NULL,            -- lower case
    password_hash text NOT NULL,
    role          text NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'approver', 'agent', 'viewer')),
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, admin_id),
    UNIQUE (email)
);

CREATE TABLE refresh_tokens (
    company_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    admin_id   uuid NOT NULL,
    family_id  uuid NOT NULL,               -- reuse of a spent token revokes its whole family
    expires_at timestamptz NOT NULL,
    spent_at   timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (company_id, token_hash),
    UNIQUE (token_hash),
    FOREIGN KEY (company_id, admin_id) REFERENCES admins ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (company_id, family_id);

CREATE TABLE company_configs (
    company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    version    integer NOT NULL,
    config     jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,               -- "key:<key_id>", "admin:<admin_id>" or "system"
    PRIMARY KEY (company_id, version)
);

CREATE TABLE baselines (
    company_id  uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    baseline_id uuid NOT NULL,
    version     integer NOT NULL,
    baseline    jsonb NOT NULL,             -- core.baselines.Baseline
    active      boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  text NOT NULL,
    PRIMARY KEY (company_id, baseline_id, version)
);
CREATE UNIQUE INDEX baselines_one_active ON baselines (company_id) WHERE active;

CREATE TABLE users (
    company_id     uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    user_id        text NOT NULL,
    anonymous      boolean NOT NULL DEFAULT false,
    traits         jsonb NOT NULL DEFAULT '{}',
    consent        boolean NOT NULL DEFAULT true,
    do_not_disturb boolean NOT NULL DEFAULT false,
    snoozed_at     timestamptz,             -- when the user last asked for silence
    snoozed_until  timestamptz,             -- and its end, by the configuration of that moment
    merged_into    text,                    -- the identified user that an anonymous visitor became
    first_seen_at  timestamptz NOT NULL,
    last_seen_at   timestamptz NOT NULL,
    PRIMARY KEY (company_id, user_id)
) WITH (fillfactor = 80); -- every batch moves last_seen_at: room for the new version on the same page
CREATE INDEX users_merged ON users (company_id, merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE sessions (
    company_id    uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    session_id    text NOT NULL,
    user_id       text NOT NULL,
    started_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    last_page_url text,
    PRIMARY KEY (company_id, session_id, user_id)
) WITH (fillfactor = 80);
CREATE INDEX sessions_recent ON sessions (company_id, last_seen_at DESC);

-- Partitioned by the client's own timestamp, which a retry never changes; the unique key must contain it. Absurd dates
-- go to the default partition. Monthly partitions are made ahead of time by db/partitions.py.
CREATE TABLE events (
    company_id     uuid NOT NULL,
    event_id       text NOT NULL,
    occurred_at    timestamptz NOT NULL,
    corrected_at   timestamptz NOT NULL,    -- the same moment on our clock
    received_at    timestamptz NOT NULL,
    user_id        text NOT NULL,
    session_id     text NOT NULL,
    event_type     text NOT NULL,
    target_element text,
    page_url       text,
    properties     jsonb NOT NULL,
    trace_id       text NOT NULL,
    PRIMARY KEY (company_id, event_id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX events_by_user ON events (company_id, user_id, corrected_at DESC);
CREATE INDEX events_by_session ON events (company_id, session_id, corrected_at);
CREATE TABLE events_default PARTITION OF events DEFAULT;

CREATE TABLE turns (
    company_id  uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    turn_id     uuid NOT NULL,
    user_id     text NOT NULL,
    session_id  text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('behaviour', 'conversation')),
    status      text NOT NULL CHECK (status IN ('denied', 'queued', 'running', 'done', 'failed')),
    outcome     text,                       -- a stable word: nudged, unsure, escalated, capped, failed, or a denial's reason
    stuck_point text NOT NULL,
    signal      jsonb NOT NULL,             -- core.turns.Signal
    diagnosis   jsonb,                      -- core.nudges.Diagnosis
    reasoner    text,                       -- provider that diagnosed
    prompts     jsonb NOT NULL DEFAULT '{}',-- node → prompt version
    receipt     jsonb NOT NULL DEFAULT '[]',-- list of core.turns.ReceiptStep
    error       text,
    trace_id    text NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (company_id, turn_id)
);
CREATE INDEX turns_by_user ON turns (company_id, user_id, created_at DESC);
CREATE INDEX turns_unfinished ON turns (updated_at) WHERE status IN ('queued', 'running');

CREATE TABLE nudges (
    company_id     uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    nudge_id       uuid NOT NULL,
    turn_id        uuid NOT NULL,
    user_id        text NOT NULL,
    stuck_point    text NOT NULL,
    nudge_type     text NOT NULL CHECK (nudge_type IN ('tooltip', 'chat', 'checklist', 'email_draft')),
    content        jsonb NOT NULL,          -- core.nudges.Nudge
    status         text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'sent', 'shown', 'clicked', 'dismissed', 'snoozed', 'expired')),
    counts         boolean NOT NULL DEFAULT true, -- false for the line that tells a user that a person was told
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    sent_at        timestamptz,
    shown_at       timestamptz,
    closed_at      timestamptz,             -- clicked, dismissed, snoozed or expired
    trace_id       text NOT NULL,
    PRIMARY KEY (company_id, nudge_id)
);
CREATE INDEX nudges_by_user ON nudges (company_id, user_id, created_at DESC);
CREATE INDEX nudges_undelivered ON nudges (company_id, user_id) WHERE status IN ('pending', 'sent');
CREATE INDEX nudges_expiring ON nudges (company_id, expires_at) WHERE status IN ('pending', 'sent');
CREATE INDEX nudges_recent ON nudges (company_id, created_at DESC);

CREATE TABLE escalations (
    company_id    uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    escalation_id uuid NOT NULL,
    turn_id       uuid NOT NULL,
    user_id       text NOT NULL,
    stuck_point   text NOT NULL,
    status        text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'acknowledged', 'resolved')),
    alert         jsonb NOT NULL,           -- graph.state.Alert: who, where, why, what was tried, link
    assigned_to   text,
    note          text,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    resolved_at   timestamptz,
    trace_id      text NOT NULL,
    PRIMARY KEY (company_id, escalation_id)
);
CREATE INDEX escalations_recent ON escalations (company_id, created_at DESC);
CREATE INDEX escalations_by_user ON escalations (company_id, user_id, created_at DESC);
CREATE UNIQUE INDEX escalations_one_open ON escalations (company_id, user_id, stuck_point) WHERE status <> 'resolved';

CREATE TABLE notifications (
    company_id      uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    notification_id uuid NOT NULL,
    event           text NOT NULL,          -- escalation.created, budget.threshold, provider.failed, …
    channel         text NOT NULL,          -- webhook, slack, email
    user_id         text,                   -- whom it is about, if anybody
    payload         jsonb NOT NULL,
    status          text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'failed')),
    attempts        integer NOT NULL DEFAULT 0,
    last_error      text,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    sent_at         timestamptz,
    trace_id        text NOT NULL,
    PRIMARY KEY (company_id, notification_id)
);
CREATE INDEX notifications_pending ON notifications (updated_at) WHERE status = 'pending';
CREATE INDEX notifications_recent ON notifications (company_id, created_at DESC);
CREATE INDEX notifications_by_user ON notifications (company_id, user_id, created_at DESC) WHERE user_id IS NOT NULL;

-- Every LLM call. The row is written before the call with the estimated cost, which reserves it from the day's budget;
-- a re-run of the turn finds `response` under the same id and pays nothing.
CREATE TABLE ai_interactions (
    company_id     uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    interaction_id uuid NOT NULL,
    turn_id        uuid,
    node           text NOT NULL,
    provider       text NOT NULL,
    model          text NOT NULL,
    prompt_version text NOT NULL,
    status         text NOT NULL CHECK (status IN ('started', 'done', 'failed')),
    response       jsonb,
    error          text,
    tokens_in      integer,
    tokens_out     integer,
    cost_cents     numeric(14, 6),          -- null: the model's price is unknown, which is not zero
    reserved_cents numeric(14, 6) NOT NULL DEFAULT 0,
    latency_ms     integer,
    created_at     timestamptz NOT NULL,
    finished_at    timestamptz,
    PRIMARY KEY (company_id, interaction_id)
);
CREATE INDEX ai_interactions_by_day ON ai_interactions (company_id, created_at);

CREATE TABLE idempotency_keys (
    company_id      uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    idempotency_key text NOT NULL,
    request_hash    bytea NOT NULL,
    status_code     integer,                -- null while the first request is still under way
    response        json,                   -- json, not jsonb: a replay keeps the order of the first answer
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (company_id, created_at);

CREATE TABLE audit_log (
    company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    audit_id   uuid NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    actor      text NOT NULL,
    action     text NOT NULL,               -- config.updated, baseline.created, escalation.updated, …
    subject    text NOT NULL,
    detail     jsonb NOT NULL DEFAULT '{}',
    trace_id   text,
    PRIMARY KEY (company_id, audit_id)
);
CREATE INDEX audit_log_recent ON audit_log (company_id, at DESC);

-- Row-level security, forced so that not even the owner slips past it.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['companies', 'api_keys', 'admins', 'refresh_tokens', 'company_configs', 'baselines', 'users',
        'sessions', 'events', 'turns', 'nudges', 'escalations', 'notifications', 'ai_interactions', 'idempotency_keys', 'audit_log']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY app ON %I TO onboarding_app
            USING (company_id = ANY ((SELECT app_company_ids())::uuid[]))
            WITH CHECK (company_id = ANY ((SELECT app_company_ids())::uuid[]))', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO onboarding_app', name);
    END LOOP;
END $$;
REVOKE UPDATE, DELETE ON audit_log FROM onboarding_app;
REVOKE INSERT, DELETE ON companies FROM onboarding_app;
GRANT USAGE ON SCHEMA public TO onboarding_app, onboarding_system;

-- What precedes a company. Column by column: a look-up needs no more than this.
GRANT SELECT (company_id, name, created_at) ON companies TO onboarding_system;
GRANT SELECT (company_id, key_id, kind, key_hash, revoked_at) ON api_keys TO onboarding_system;
GRANT SELECT (company_id, admin_id, email, password_hash, role, disabled_at) ON admins TO onboarding_system;
GRANT SELECT (company_id, token_hash) ON refresh_tokens TO onboarding_system;
GRANT SELECT (company_id, turn_id, user_id, status, updated_at) ON turns TO onboarding_system;
GRANT SELECT (company_id, notification_id, status, updated_at, trace_id) ON notifications TO onboarding_system;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['companies', 'api_keys', 'admins', 'refresh_tokens', 'turns', 'notifications']
    LOOP
        EXECUTE format('CREATE POLICY system_lookup ON %I FOR SELECT TO onboarding_system USING (true)', name);
    END LOOP;
END $$;
-- Founding a company is the system's work as well.
GRANT INSERT ON companies, api_keys, admins, audit_log TO onboarding_system;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['companies', 'api_keys', 'admins', 'audit_log']
    LOOP
        EXECUTE format('CREATE POLICY system_found ON %I FOR INSERT TO onboarding_system WITH CHECK (true)', name);
    END LOOP;
END $$;
