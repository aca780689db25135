-- What statistics computed from the counts of scores, by the hash of all that it depends
-- on: the metric and its version, the seed, the number of resamples, and the checksums
-- of the counts. Rows can be deleted at any time; they are computed again.
CREATE TABLE pair_tests (
    key      BLOB    PRIMARY KEY CHECK (length(key) = 16),
    count    INTEGER NOT NULL, -- swaps with a difference at least as large
    tried    INTEGER NOT NULL,
    exact    INTEGER NOT NULL CHECK (exact IN (0, 1)),
    spread   REAL    NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE intervals (
    key      BLOB    PRIMARY KEY CHECK (length(key) = 16),
    low      REAL    NOT NULL,
    high     REAL    NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The sums over the answers of a run, when it had "complete" passages and was updated
-- last at "updated".
CREATE TABLE costs (
    run           INTEGER PRIMARY KEY REFERENCES runs (number) ON DELETE CASCADE,
    complete      INTEGER NOT NULL,
    updated       INTEGER NOT NULL, -- Unix time, milliseconds
    queries       INTEGER NOT NULL,
    uncounted     INTEGER NOT NULL, -- queries that were answered without numbers of tokens
    prompt_tokens INTEGER NOT NULL,
    answer_tokens INTEGER NOT NULL,
    duration      INTEGER NOT NULL, -- nanoseconds
    checksum      INTEGER NOT NULL
) STRICT;
