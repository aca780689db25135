-- A layout is removed with its last passage, which is found by this index.
CREATE INDEX passages_layout ON passages (layout);

-- Answers of removed passages that may be unused. Recording a passage deletes the
-- entries of its answers. A number is never reused, so that an answer has another
-- number after its entry was deleted and inserted again.
CREATE TABLE unused (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key    BLOB    NOT NULL UNIQUE CHECK (length(key) = 16)
) STRICT;
