-- The key "row" of runs is renamed to "dataset", which changes their ids (function
-- renameKey). Users can still use the former id of a run.
ALTER TABLE runs ADD COLUMN former_id TEXT;
