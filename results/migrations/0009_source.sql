-- Metadata have the store that recorded them as their source, so that stores can be
-- merged any number of times without adding up a count twice. Function addSources
-- computes the checksums again.
CREATE TABLE origin (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    source TEXT    NOT NULL -- a random name of this store; copies of the file share it
) STRICT;
INSERT INTO origin (one, source) VALUES (1, lower(hex(randomblob(8))));

ALTER TABLE facts RENAME TO former_facts;
CREATE TABLE facts (
    run    INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
    source TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    PRIMARY KEY (run, source, name)
) STRICT, WITHOUT ROWID;
INSERT INTO facts (run, source, name, value) SELECT run, (SELECT source FROM origin), name, value FROM former_facts;
DROP TABLE former_facts;
