-- Vectors of the backend pgvector, made by db/vectors.py when the extension is there.
--
-- One table for all spaces. An index exists for each dimension that models are known to have, for any model: those of
-- compatible servers are not known in advance, and the application's role may not make an index. Other dimensions are
-- searched exactly. 3072 numbers are more than an index of `vector` takes: there it holds half the precision.
CREATE TABLE knowledge_vectors_pg (
    company_id uuid NOT NULL,
    chunk_id   uuid NOT NULL,
    space      text NOT NULL,
    dimension  integer NOT NULL CHECK (dimension = vector_dims(embedding)),
    embedding  vector NOT NULL,
    PRIMARY KEY (company_id, chunk_id, space),
    FOREIGN KEY (company_id, chunk_id) REFERENCES knowledge_chunks ON DELETE CASCADE
);
DO $$
DECLARE
    size integer;
BEGIN
    FOREACH size IN ARRAY ARRAY[256, 384, 512, 768, 1024, 1536]
    LOOP
        EXECUTE format('CREATE INDEX knowledge_vectors_pg_%s ON knowledge_vectors_pg
            USING hnsw ((embedding::vector(%s)) vector_cosine_ops) WITH (m = 16, ef_construction = 128)
            WHERE dimension = %s', size, size, size);
    END LOOP;
END $$;
CREATE INDEX knowledge_vectors_pg_3072 ON knowledge_vectors_pg
    USING hnsw ((embedding::halfvec(3072)) halfvec_cosine_ops) WITH (m = 16, ef_construction = 128)
    WHERE dimension = 3072;

ALTER TABLE knowledge_vectors_pg ENABLE ROW LEVEL SECURITY;
ALTER TABLE knowledge_vectors_pg FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON knowledge_vectors_pg TO onboarding_app
    USING (company_id = ANY ((SELECT app_company_ids())::uuid[]))
    WITH CHECK (company_id = ANY ((SELECT app_company_ids())::uuid[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON knowledge_vectors_pg TO onboarding_app;
