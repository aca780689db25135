-- The errors of a run by class, type and bucket, counted from its answers. "key" is the
-- hash of all that they depend on. Rows can be deleted at any time; they are computed
-- again.
CREATE TABLE error_counts (
    run      INTEGER PRIMARY KEY REFERENCES runs (number) ON DELETE CASCADE,
    key      BLOB    NOT NULL CHECK (length(key) = 16),
    counts   TEXT    NOT NULL, -- JSON
    checksum INTEGER NOT NULL
) STRICT;

-- Sites that were written from this store, by the hash of the folder, its list of files,
-- and all that the pages depend on. Rows can be deleted at any time; a site without a row
-- is written again.
CREATE TABLE sites (
    key BLOB PRIMARY KEY CHECK (length(key) = 16)
) STRICT, WITHOUT ROWID;
