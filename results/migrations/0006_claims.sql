-- The process that sends the queries of a run. It updates "beat" regularly, so that a
-- claim of a process that was killed does not block the run.
CREATE TABLE claims (
    run     INTEGER PRIMARY KEY REFERENCES runs (number) ON DELETE CASCADE,
    token   TEXT    NOT NULL, -- of one open store
    host    TEXT    NOT NULL,
    space   TEXT    NOT NULL, -- of process numbers: a container has its own
    process INTEGER NOT NULL,
    since   INTEGER NOT NULL, -- Unix time, milliseconds
    beat    INTEGER NOT NULL  -- Unix time, milliseconds
) STRICT;
