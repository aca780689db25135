-- Metadata of a run: device, quantisation, tokens computed.
CREATE TABLE facts (
    run   INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
    name  TEXT    NOT NULL,
    value TEXT    NOT NULL,
    PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;
