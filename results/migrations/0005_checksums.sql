-- Checksums (checksum.go); function addChecksums computes those of existing rows.
ALTER TABLE completions ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE passages ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
-- counts_sum is the checksum of the column passages.
ALTER TABLE scores ADD COLUMN counts_sum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scores ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
-- facts_sum and scoring_sum are the checksums of all facts and of the scoring of a
-- run; 0 if there are none. So a lost row is detected.
ALTER TABLE runs ADD COLUMN facts_sum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN scoring_sum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;

-- The number of runs, so that a lost run is detected.
CREATE TABLE totals (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    runs INTEGER NOT NULL CHECK (runs >= 0)
) STRICT;
INSERT INTO totals (one, runs) SELECT 1, count(*) FROM runs;
