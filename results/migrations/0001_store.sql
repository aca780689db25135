-- Runs, by the hash of their keys. "complete" and "queries" count the complete
-- passages and their queries; they change in the same transaction as these.
CREATE TABLE runs (
    number   INTEGER PRIMARY KEY,
    id       TEXT    NOT NULL UNIQUE,
    keys     TEXT    NOT NULL CHECK (json_valid(keys)),
    passages INTEGER NOT NULL CHECK (passages >= 0),
    complete INTEGER NOT NULL DEFAULT 0 CHECK (complete BETWEEN 0 AND passages),
    queries  INTEGER NOT NULL DEFAULT 0 CHECK (queries >= 0),
    asking   INTEGER NOT NULL CHECK (asking IN (0, 1)),
    created  INTEGER NOT NULL, -- Unix time, milliseconds
    updated  INTEGER NOT NULL  -- Unix time, milliseconds
) STRICT;

-- Raw answers, by the hash of the model, the decoding, and the prompt's bytes.
CREATE TABLE completions (
    key           BLOB    PRIMARY KEY CHECK (length(key) = 16),
    text          TEXT    NOT NULL,
    thinking      TEXT    NOT NULL,
    finish        TEXT    NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    answer_tokens INTEGER NOT NULL,
    duration      INTEGER NOT NULL -- nanoseconds
) STRICT, WITHOUT ROWID;

-- The types of each query of a passage, in order: [["person"],["location"]].
-- Most passages of a run share one layout.
CREATE TABLE layouts (
    number INTEGER PRIMARY KEY,
    types  TEXT    NOT NULL UNIQUE CHECK (json_valid(types))
) STRICT;

-- The answers of a run about a document: their keys, 16 bytes each, in the order of
-- the layout. An incomplete passage lacks answers.
CREATE TABLE passages (
    run      INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
    place    INTEGER NOT NULL CHECK (place >= 0),
    document TEXT    NOT NULL,
    layout   INTEGER NOT NULL REFERENCES layouts (number),
    complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
    keys     BLOB    NOT NULL CHECK (length(keys) % 16 = 0),
    PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID;

-- The last scoring of a run: the number of passages, and their outcomes.
CREATE TABLE scorings (
    run      INTEGER PRIMARY KEY REFERENCES runs (number) ON DELETE CASCADE,
    passages INTEGER NOT NULL CHECK (passages >= 0),
    outcomes TEXT    NOT NULL CHECK (json_valid(outcomes)),
    counters TEXT    NOT NULL CHECK (json_valid(counters)),
    scored   INTEGER NOT NULL -- Unix time, milliseconds
) STRICT;

-- The counts of one metric: total, by type, and by passage.
CREATE TABLE scores (
    run      INTEGER NOT NULL REFERENCES scorings (run) ON DELETE CASCADE,
    metric   TEXT    NOT NULL,
    reader   TEXT    NOT NULL,
    version  TEXT    NOT NULL,
    tp       INTEGER NOT NULL,
    n_pred   INTEGER NOT NULL,
    n_gold   INTEGER NOT NULL,
    types    TEXT    NOT NULL CHECK (json_valid(types)),
    passages BLOB    NOT NULL,
    PRIMARY KEY (run, metric)
) STRICT, WITHOUT ROWID;
