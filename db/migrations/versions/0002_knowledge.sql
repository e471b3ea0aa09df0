-- The knowledge base. Only adds: no table of 0001 is rewritten, and `companies` is locked for the moment that a foreign
-- key takes. What needs pgvector is apart from this, in db/migrations/pgvector.sql, since the extension may come later.
--
-- Which rows a search sees is a matter of one number: a document or chunk is live while
--     since <= knowledge_sources.revision AND (until IS NULL OR until > knowledge_sources.revision).
-- An ingestion prepares revision + 1 beside what is live, and publishes it by raising that number in one UPDATE.

CREATE TABLE knowledge_sources (
    company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    source_id  uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('text', 'file', 'url', 'sitemap')),
    title      text NOT NULL CHECK (length(title) BETWEEN 1 AND 500),
    location   text,                        -- the address of a url or sitemap, the name of a file
    tags       text[] NOT NULL DEFAULT '{}',
    language   text,                        -- of all its documents, when somebody said so; else each is detected
    revision   bigint NOT NULL DEFAULT 0,   -- the live one; 0: nothing was ever published
    status     text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'ingesting', 'ready', 'failed')),
    settings   jsonb NOT NULL DEFAULT '{}',
    created_by text NOT NULL,               -- "key:<key_id>", "admin:<admin_id>" or "system"
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,                 -- invisible from then on; its rows are deleted in the background
    PRIMARY KEY (company_id, source_id)
);
CREATE INDEX knowledge_sources_recent ON knowledge_sources (company_id, created_at DESC);
CREATE INDEX knowledge_sources_deleted ON knowledge_sources (deleted_at) WHERE deleted_at IS NOT NULL;

-- What was typed or uploaded, so that a source can be read again without asking for it again.
CREATE TABLE knowledge_uploads (
    company_id   uuid NOT NULL,
    source_id    uuid NOT NULL,
    name         text NOT NULL,
    media_type   text,
    content      bytea NOT NULL,
    content_hash bytea NOT NULL,            -- SHA-256
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (company_id, source_id),
    FOREIGN KEY (company_id, source_id) REFERENCES knowledge_sources ON DELETE CASCADE
);

CREATE TABLE knowledge_documents (
    company_id   uuid NOT NULL,
    document_id  uuid NOT NULL,             -- the same in every revision of the source
    since        bigint NOT NULL,
    until        bigint CHECK (until > since),
    source_id    uuid NOT NULL,
    url          text,
    title        text NOT NULL,
    language     text,
    content_hash bytea NOT NULL,            -- of what was fetched
    licence      text,
    attribution  text,
    etag         text,                      -- what the server said, for the next conditional request
    modified     text,
    chunk_ids    uuid[] NOT NULL,           -- in the order of the text
    fetched_at   timestamptz NOT NULL,
    PRIMARY KEY (company_id, document_id, since),
    FOREIGN KEY (company_id, source_id) REFERENCES knowledge_sources ON DELETE CASCADE
);
CREATE INDEX knowledge_documents_by_source ON knowledge_documents (company_id, source_id, document_id);

CREATE TABLE knowledge_chunks (
    company_id   uuid NOT NULL,
    chunk_id     uuid NOT NULL,             -- derived from source, document, content and occurrence
    source_id    uuid NOT NULL,
    document_id  uuid NOT NULL,
    since        bigint NOT NULL,
    until        bigint CHECK (until > since),
    heading_path text[] NOT NULL,
    text         text NOT NULL,
    tokens       integer NOT NULL,
    language     text,
    content_hash bytea NOT NULL,            -- SHA-256 of heading path and text
    lexemes      integer NOT NULL,          -- words of `search`, repeated ones counted each time: the length for BM25
    search       tsvector NOT NULL,         -- as knowledge/retrieval/analysis.py reads it, the company's word added
    PRIMARY KEY (company_id, chunk_id),
    FOREIGN KEY (company_id, source_id) REFERENCES knowledge_sources ON DELETE CASCADE
);
CREATE INDEX knowledge_chunks_by_source ON knowledge_chunks (company_id, source_id, document_id);
CREATE INDEX knowledge_chunks_ending ON knowledge_chunks (company_id, source_id, until) WHERE until IS NOT NULL;
CREATE INDEX knowledge_chunks_search ON knowledge_chunks USING gin (search);

-- What a search may answer with. Row-level security is that of who asks.
CREATE VIEW knowledge_live_chunks WITH (security_invoker = true) AS
    SELECT c.company_id, c.chunk_id, c.source_id, c.document_id, c.language, s.tags, c.heading_path, c.text, c.tokens
    FROM knowledge_chunks c JOIN knowledge_sources s USING (company_id, source_id)
    WHERE s.deleted_at IS NULL AND c.since <= s.revision AND (c.until IS NULL OR c.until > s.revision);
GRANT SELECT ON knowledge_live_chunks TO onboarding_app;

-- One row per ingestion of a source. `attempt` grows with each worker that takes it up; what an earlier one still
-- writes is then refused.
CREATE TABLE knowledge_runs (
    company_id   uuid NOT NULL,
    run_id       uuid NOT NULL,
    source_id    uuid NOT NULL,
    status       text NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'running', 'waiting', 'done', 'failed', 'cancelled')),
    attempt      integer NOT NULL DEFAULT 0,
    revision     bigint,                    -- the one that it prepares, once it began
    loss_allowed boolean NOT NULL DEFAULT false, -- it may take away more than half of the source
    progress     jsonb NOT NULL DEFAULT '{}',
    problems     jsonb NOT NULL DEFAULT '[]', -- list of {url, code, detail}, the first hundred
    error        text,                      -- a stable code, when it failed or waits
    detail       text,
    created_at   timestamptz NOT NULL,
    started_at   timestamptz,
    heartbeat_at timestamptz NOT NULL,      -- the last sign of life
    resume_at    timestamptz,               -- when a waiting run is to be tried again
    finished_at  timestamptz,
    trace_id     text NOT NULL,
    PRIMARY KEY (company_id, run_id),
    FOREIGN KEY (company_id, source_id) REFERENCES knowledge_sources ON DELETE CASCADE
);
-- One that works and one that is to follow it: what was asked for meanwhile may have changed since it was read.
CREATE UNIQUE INDEX knowledge_runs_one_active ON knowledge_runs (company_id, source_id)
    WHERE status IN ('running', 'waiting');
CREATE UNIQUE INDEX knowledge_runs_one_queued ON knowledge_runs (company_id, source_id) WHERE status = 'queued';
CREATE INDEX knowledge_runs_by_source ON knowledge_runs (company_id, source_id, created_at DESC);
CREATE INDEX knowledge_runs_unfinished ON knowledge_runs (heartbeat_at) WHERE status IN ('queued', 'running', 'waiting');

-- The spaces that a company has vectors in, whichever backend holds them. `version` is another one after each change of
-- the vectors, for those who keep a copy of them.
CREATE TABLE knowledge_spaces (
    company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    space      text NOT NULL,               -- "model:dimension"
    dimension  integer NOT NULL CHECK (dimension > 0),
    version    uuid NOT NULL DEFAULT gen_random_uuid(),
    PRIMARY KEY (company_id, space)
);

-- Vectors of the backend postgres_array.
CREATE TABLE knowledge_vectors_array (
    company_id uuid NOT NULL,
    chunk_id   uuid NOT NULL,
    space      text NOT NULL,
    embedding  real[] NOT NULL,
    PRIMARY KEY (company_id, chunk_id, space),
    FOREIGN KEY (company_id, chunk_id) REFERENCES knowledge_chunks ON DELETE CASCADE
);
ALTER TABLE knowledge_vectors_array ALTER COLUMN embedding SET STORAGE EXTERNAL; -- floats do not compress

-- What embedding has cost, by UTC day.
CREATE TABLE embedding_spend (
    company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    day        date NOT NULL,
    provider   text NOT NULL,
    model      text NOT NULL,
    calls      bigint NOT NULL DEFAULT 0,
    failed     bigint NOT NULL DEFAULT 0,   -- of the calls: those that brought nothing
    unpriced   bigint NOT NULL DEFAULT 0,   -- of the calls: those whose price is unknown, which is not zero
    tokens     bigint NOT NULL DEFAULT 0,
    cents      numeric(14, 6) NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, day, provider, model)
);

-- Requests under way, with what they may cost at most. A row that was never settled frees its money after a while.
CREATE TABLE embedding_reservations (
    company_id     uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
    reservation_id uuid NOT NULL,
    day            date NOT NULL,
    provider       text NOT NULL,
    cents          numeric(14, 6) NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (company_id, reservation_id)
);
CREATE INDEX embedding_reservations_by_day ON embedding_reservations (company_id, day, provider);

-- Row-level security, forced so that not even the owner slips past it.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['knowledge_sources', 'knowledge_uploads', 'knowledge_documents', 'knowledge_chunks',
        'knowledge_runs', 'knowledge_spaces', 'knowledge_vectors_array', 'embedding_spend', 'embedding_reservations']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY app ON %I TO onboarding_app
            USING (company_id = ANY ((SELECT app_company_ids())::uuid[]))
            WITH CHECK (company_id = ANY ((SELECT app_company_ids())::uuid[]))', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO onboarding_app', name);
    END LOOP;
END $$;

-- Sweeping for ingestions and deletions that were left behind.
GRANT SELECT (company_id, run_id, source_id, status, heartbeat_at, resume_at, trace_id) ON knowledge_runs
    TO onboarding_system;
GRANT SELECT (company_id, source_id, deleted_at) ON knowledge_sources TO onboarding_system;
CREATE POLICY system_lookup ON knowledge_runs FOR SELECT TO onboarding_system USING (true);
CREATE POLICY system_lookup ON knowledge_sources FOR SELECT TO onboarding_system USING (true);

-- Full text.

-- The word that every chunk of a company carries beside its own, so that the index alone keeps companies apart and a
-- frequent word of others costs nothing. No text yields it: a word has no space.
CREATE FUNCTION knowledge_company_word(company uuid) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 'company ' || company::text;

-- `@@` is not leakproof: under row-level security the planner may not use the index for it. So full text is searched by
-- a role that the policy lets read all live text, through functions that look at app.company_ids themselves and that
-- the application's role alone may call.
GRANT USAGE ON SCHEMA public TO onboarding_search;
GRANT SELECT (company_id, chunk_id, source_id, since, until, language, lexemes, search) ON knowledge_chunks
    TO onboarding_search;
GRANT SELECT (company_id, source_id, revision, deleted_at, tags) ON knowledge_sources TO onboarding_search;
CREATE POLICY search ON knowledge_chunks FOR SELECT TO onboarding_search USING (true);
CREATE POLICY search ON knowledge_sources FOR SELECT TO onboarding_search USING (true);

-- The live chunks of a company that hold any of the `selecting` words, best first. Each of `words` counts by its
-- `weights` (how rare it is), and less with each repetition; how long a chunk is does not count yet. No more than
-- `scanned` matching chunks are looked at, whatever is asked. A null tag list, language or source list selects everything.
CREATE FUNCTION knowledge_text_candidates(company uuid, selecting tsquery, words tsquery[], weights real[],
                                          wanted_tags text[], wanted_language text, wanted_sources uuid[],
                                          scanned integer, most integer)
    RETURNS TABLE (chunk_id uuid, rank real)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT hit.chunk_id,
           (SELECT coalesce(sum(ts_rank('{1,1,1,1}', hit.search, w.word) * w.weight), 0)::real
            FROM unnest(words, weights) AS w (word, weight)) AS rank
    FROM (
        SELECT c.chunk_id, c.search
        FROM knowledge_chunks c JOIN knowledge_sources s USING (company_id, source_id)
        WHERE company = ANY (app_company_ids()) AND numnode(selecting) > 0
          AND c.company_id = company
          AND c.search @@ (selecting && quote_literal(knowledge_company_word(company))::tsquery)
          AND s.deleted_at IS NULL AND c.since <= s.revision AND (c.until IS NULL OR c.until > s.revision)
          AND (wanted_tags IS NULL OR s.tags && wanted_tags)
          AND (wanted_language IS NULL OR c.language IS NULL OR c.language = wanted_language)
          AND (wanted_sources IS NULL OR c.source_id = ANY (wanted_sources))
        LIMIT scanned) AS hit
    ORDER BY rank DESC, hit.chunk_id
    LIMIT most;
END;

-- In how many live chunks of a company each word occurs; no more than `most` are counted.
CREATE FUNCTION knowledge_text_frequencies(company uuid, words tsquery[], most integer)
    RETURNS TABLE (ordinal bigint, chunks bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT w.ordinal, (
        SELECT count(*)
        FROM (
            SELECT
            FROM knowledge_chunks c JOIN knowledge_sources s USING (company_id, source_id)
            WHERE c.company_id = company
              AND c.search @@ (w.word && quote_literal(knowledge_company_word(company))::tsquery)
              AND s.deleted_at IS NULL AND c.since <= s.revision AND (c.until IS NULL OR c.until > s.revision)
            LIMIT most) AS hit)
    FROM unnest(words) WITH ORDINALITY AS w (word, ordinal)
    WHERE company = ANY (app_company_ids());
END;

-- The role becomes the functions' owner; for that moment it must be allowed to own something here.
GRANT CREATE ON SCHEMA public TO onboarding_search;
DO $$
DECLARE
    name regprocedure;
BEGIN
    FOREACH name IN ARRAY ARRAY['knowledge_text_frequencies(uuid, tsquery[], integer)',
        'knowledge_text_candidates(uuid, tsquery, tsquery[], real[], text[], text, uuid[], integer, integer)']::regprocedure[]
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO onboarding_app', name);
        EXECUTE format('ALTER FUNCTION %s OWNER TO onboarding_search', name);
    END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM onboarding_search;
