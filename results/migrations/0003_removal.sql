-- A layout is removed with its last passage, and found by it.
CREATE INDEX passages_layout ON passages (layout);

-- Answers of removed passages, until it is sure that no other passage has them.
-- A passage that is recorded takes its answers out again. A number is never used
-- twice, so that an answer that was taken out and came back is another one.
CREATE TABLE unused (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key    BLOB    NOT NULL UNIQUE CHECK (length(key) = 16)
) STRICT;
