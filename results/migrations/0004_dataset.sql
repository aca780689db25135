-- The key "row" of runs has become "dataset", and with it their ids have changed:
-- renameRow, which follows. Users may still type the id that a run had before.
ALTER TABLE runs ADD COLUMN former_id TEXT;
