-- Conversations: what was said, by whom, under which playbook, with which tools, and what is remembered of it.
--
-- A message of a user names the turn that answers it. While that turn is queued further messages join it; once it runs
-- they make the next one. Every such decision is taken under the conversation's row lock.

CREATE TABLE conversations (
    company_id      uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    conversation_id uuid NOT NULL,
    user_id         text NOT NULL,
    playbook        text NOT NULL,
    playbook_version text NOT NULL DEFAULT '',   -- of the latest turn
    state           text NOT NULL DEFAULT 'STARTED' CHECK (state IN ('STARTED', 'IN_PROGRESS', 'GENERATING_RECOMMENDATIONS',
                        'AWAITING_USER_APPROVAL', 'COMPLETED', 'ERROR', 'CANCELLED')),
    handled_by      text NOT NULL DEFAULT 'agent' CHECK (handled_by IN ('agent', 'queue', 'human')),
    agent_name      text,                        -- the person who took over, as users see them
    stage           text NOT NULL,               -- of the playbook
    language        text,                        -- sticks once it is known
    channel         text NOT NULL DEFAULT 'page' CHECK (channel IN ('page', 'api', 'whatsapp')),
    customer_name   text,
    phone           text,
    context         jsonb NOT NULL DEFAULT '{}', -- what the host knew at the start
    questions       jsonb NOT NULL DEFAULT '[]', -- asked at the start
    summary         text NOT NULL DEFAULT '',    -- of the messages up to summary_until
    summary_until   integer NOT NULL DEFAULT 0,  -- position
    unanswered      integer NOT NULL DEFAULT 0,  -- turns in a row that had no answer
    last_position   integer NOT NULL DEFAULT 0,
    stale_minutes   integer NOT NULL DEFAULT 1440, -- silence that ends it, as its playbook said at the start
    resolved        boolean,                     -- what the user or a person said of it; null: nobody did
    escalated_at    timestamptz,                 -- when a person was first asked for
    first_answer_ms integer,                     -- from the first message to its answer
    created_at      timestamptz NOT NULL,
    last_message_at timestamptz NOT NULL,
    stale_at        timestamptz NOT NULL,        -- last_message_at and stale_minutes
    closed_at       timestamptz,
    close_code      text,                        -- completed, cancelled, stale, error
    PRIMARY KEY (company_id, conversation_id)
);
CREATE UNIQUE INDEX conversations_one_active ON conversations (company_id, user_id)
    WHERE state NOT IN ('COMPLETED', 'ERROR', 'CANCELLED');
CREATE INDEX conversations_recent ON conversations (company_id, created_at DESC, conversation_id DESC);
CREATE INDEX conversations_by_user ON conversations (company_id, user_id, created_at DESC);
CREATE INDEX conversations_stale ON conversations (stale_at)
    WHERE state NOT IN ('COMPLETED', 'ERROR', 'CANCELLED');

CREATE TABLE messages (
    company_id        uuid NOT NULL,
    message_id        uuid NOT NULL,
    conversation_id   uuid NOT NULL,
    position          integer NOT NULL,
    user_id           text NOT NULL,
    role              text NOT NULL CHECK (role IN ('user', 'assistant', 'agent', 'system')),
    text              text NOT NULL,
    language          text,
    citations         jsonb NOT NULL DEFAULT '[]',
    status            text NOT NULL DEFAULT 'stored' CHECK (status IN ('stored', 'stopped', 'withheld')),
    author            text,
    client_message_id text,
    turn_id           uuid,                      -- that answers it (user) or wrote it (assistant)
    verdicts          jsonb NOT NULL DEFAULT '[]', -- what the guards said, as stable words
    rating            text CHECK (rating IN ('up', 'down')),
    rated_at          timestamptz,
    created_at        timestamptz NOT NULL,
    trace_id          text NOT NULL,
    PRIMARY KEY (company_id, message_id),
    UNIQUE (company_id, conversation_id, position),
    FOREIGN KEY (company_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);
CREATE UNIQUE INDEX messages_once ON messages (company_id, conversation_id, role, client_message_id)
    WHERE client_message_id IS NOT NULL;
CREATE INDEX messages_by_client ON messages (company_id, user_id, client_message_id)
    WHERE client_message_id IS NOT NULL;
CREATE INDEX messages_by_user ON messages (company_id, user_id, created_at DESC);
CREATE INDEX messages_by_turn ON messages (company_id, turn_id) WHERE turn_id IS NOT NULL;

-- A turn of a conversation has no signal; a task is a turn that somebody waits for.
ALTER TABLE turns ALTER COLUMN signal DROP NOT NULL, ALTER COLUMN stuck_point DROP NOT NULL,
    ALTER COLUMN session_id DROP NOT NULL,
    ADD COLUMN conversation_id uuid,
    ADD COLUMN friendly_id text,                 -- core.friendly: several may bear the same, the latest is meant
    ADD COLUMN request text CHECK (request IN ('human')), -- what the user asked for by a button, not by words
    ADD CONSTRAINT turns_of_a_kind CHECK (
        CASE kind WHEN 'behaviour' THEN signal IS NOT NULL AND stuck_point IS NOT NULL AND session_id IS NOT NULL
                  ELSE conversation_id IS NOT NULL END);
CREATE INDEX turns_by_conversation ON turns (company_id, conversation_id, created_at) WHERE conversation_id IS NOT NULL;
CREATE INDEX turns_friendly ON turns (company_id, friendly_id, created_at DESC) WHERE friendly_id IS NOT NULL;

-- A ticket is an escalation of a conversation.
ALTER TABLE escalations
    ADD COLUMN kind text NOT NULL DEFAULT 'behaviour' CHECK (kind IN ('behaviour', 'conversation')),
    ADD COLUMN conversation_id uuid,
    ADD COLUMN reason text,                      -- wish, sentiment, failures, safety, tool
    ADD COLUMN expected_by timestamptz,          -- what the user was promised
    ADD COLUMN answered_at timestamptz,          -- first message of a person
    ADD COLUMN overdue_at timestamptz;           -- when it was noticed that nobody answered in time
CREATE INDEX escalations_overdue ON escalations (expected_by)
    WHERE expected_by IS NOT NULL AND answered_at IS NULL AND overdue_at IS NULL AND status <> 'resolved';

-- Budgets by user and by conversation.
ALTER TABLE ai_interactions
    ADD COLUMN user_id text,
    ADD COLUMN conversation_id uuid,
    ADD COLUMN kind text,                        -- maker, checker, or null
    ADD COLUMN reserved_tokens integer NOT NULL DEFAULT 0;
CREATE INDEX ai_interactions_by_user ON ai_interactions (company_id, user_id, created_at) WHERE user_id IS NOT NULL;
CREATE INDEX ai_interactions_by_conversation ON ai_interactions (company_id, conversation_id)
    WHERE conversation_id IS NOT NULL;

-- A company's own playbooks; shipped ones are files. The newest active version of a name holds.
CREATE TABLE playbooks (
    company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    name       text NOT NULL,
    version    integer NOT NULL,
    definition jsonb NOT NULL,                   -- core.playbooks.Playbook
    active     boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (company_id, name, version)
);
CREATE UNIQUE INDEX playbooks_one_active ON playbooks (company_id, name) WHERE active;

-- Tools that a company defined: its own HTTP endpoints, and MCP servers.
CREATE TABLE tools (
    company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    name       text NOT NULL,
    definition jsonb NOT NULL,                   -- core.tools.ToolDefinition, without secrets
    secret     bytea,                            -- encrypted: signs requests, or the bearer token of an MCP server
    enabled    boolean NOT NULL DEFAULT true,
    version    integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL,
    updated_by text NOT NULL,
    PRIMARY KEY (company_id, name)
);

CREATE TABLE tool_calls (
    company_id      uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    call_id         uuid NOT NULL,               -- derived from turn and place, so a re-run finds the result
    turn_id         uuid NOT NULL,
    conversation_id uuid NOT NULL,
    user_id         text NOT NULL,
    tool            text NOT NULL,
    arguments       jsonb NOT NULL,              -- masked
    status          text NOT NULL CHECK (status IN ('started', 'done', 'failed', 'refused')),
    code            text,                        -- why it failed or was refused
    result          jsonb,                       -- masked and capped; what the model got
    latency_ms      integer,
    created_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    PRIMARY KEY (company_id, call_id)
);
CREATE INDEX tool_calls_by_conversation ON tool_calls (company_id, conversation_id, created_at);
CREATE INDEX tool_calls_by_user ON tool_calls (company_id, user_id, created_at);

-- What users said about themselves, kept while they agree to it.
CREATE TABLE profile_facts (
    company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    user_id    text NOT NULL,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    value      text NOT NULL CHECK (length(value) BETWEEN 1 AND 500),
    message_id uuid,                             -- in which it was said
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, user_id, name)
);
ALTER TABLE users ADD COLUMN remembers boolean; -- whether facts may be kept: null until the user was asked

CREATE TABLE recommendations (
    company_id        uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    recommendation_id uuid NOT NULL,
    conversation_id   uuid NOT NULL,
    turn_id           uuid NOT NULL,
    user_id           text NOT NULL,
    status            text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'rejected')), -- by the checker
    draft             jsonb NOT NULL,            -- core.recommendations.Recommendation
    verdict           jsonb NOT NULL,            -- what the checker said
    created_at        timestamptz NOT NULL,
    PRIMARY KEY (company_id, recommendation_id)
);
CREATE INDEX recommendations_by_conversation ON recommendations (company_id, conversation_id);

-- Translations paid for once. The text itself is not kept, only its hash.
CREATE TABLE translations (
    company_id  uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    source_hash bytea NOT NULL,                  -- sha256 of text, glossary version and target
    language    text NOT NULL,
    text        text NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (company_id, source_hash)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['conversations', 'messages', 'playbooks', 'tools', 'tool_calls', 'profile_facts',
        'recommendations', 'translations']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY app ON %I TO onboarding_app
            USING (company_id = ANY ((SELECT app_company_ids())::uuid[]))
            WITH CHECK (company_id = ANY ((SELECT app_company_ids())::uuid[]))', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO onboarding_app', name);
    END LOOP;
END $$;

-- Sweepers look for what was left behind: turns of both kinds, stale conversations, tickets that nobody answered.
GRANT SELECT (kind, conversation_id) ON turns TO onboarding_system;
GRANT SELECT (company_id, conversation_id, user_id, state, handled_by, stale_at) ON conversations TO onboarding_system;
GRANT SELECT (company_id, escalation_id, conversation_id, user_id, status, expected_by, answered_at, overdue_at)
    ON escalations TO onboarding_system;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['conversations', 'escalations']
    LOOP
        EXECUTE format('CREATE POLICY system_lookup ON %I FOR SELECT TO onboarding_system USING (true)', name);
    END LOOP;
END $$;
