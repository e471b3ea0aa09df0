-- What users said to the recommendations they were shown; that approves nothing.

ALTER TABLE recommendations
    ADD COLUMN user_decision text CHECK (user_decision IN ('accepted', 'declined')),
    ADD COLUMN user_decided_at timestamptz,
    ADD COLUMN user_decided_in uuid;             -- turn of the message that says so
