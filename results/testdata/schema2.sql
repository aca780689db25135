-- A store of schema 2, made by the program of that schema; its content is
-- invented: fillFormer in upgrade_test.go, with the key "row".
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
CREATE TABLE completions (
    key           BLOB    PRIMARY KEY CHECK (length(key) = 16),
    text          TEXT    NOT NULL,
    thinking      TEXT    NOT NULL,
    finish        TEXT    NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    answer_tokens INTEGER NOT NULL,
    duration      INTEGER NOT NULL -- nanoseconds
) STRICT, WITHOUT ROWID;
CREATE TABLE layouts (
    number INTEGER PRIMARY KEY,
    types  TEXT    NOT NULL UNIQUE CHECK (json_valid(types))
) STRICT;
CREATE TABLE passages (
    run      INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
    place    INTEGER NOT NULL CHECK (place >= 0),
    document TEXT    NOT NULL,
    layout   INTEGER NOT NULL REFERENCES layouts (number),
    complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
    keys     BLOB    NOT NULL CHECK (length(keys) % 16 = 0),
    PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE scorings (
    run      INTEGER PRIMARY KEY REFERENCES runs (number) ON DELETE CASCADE,
    passages INTEGER NOT NULL CHECK (passages >= 0),
    outcomes TEXT    NOT NULL CHECK (json_valid(outcomes)),
    counters TEXT    NOT NULL CHECK (json_valid(counters)),
    scored   INTEGER NOT NULL -- Unix time, milliseconds
) STRICT;
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
CREATE TABLE facts (
    run   INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
    name  TEXT    NOT NULL,
    value TEXT    NOT NULL,
    PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;
INSERT INTO runs VALUES (1, 'fb41f3f1131b9c6c', '{"cap":"500","data":"d0","dataset_name":"ids","digest":"sha256:0123","family":"uniner","family_hash":"f0","gold":"native","labels":"l0","model":"ollama/x","order":"shuffle:row","row":"mit-restaurant","seed":"7","server":"ollama","server_version":"0.24.0","split":"test","temperature":"0","view":"all"}', 5, 5, 15, 0, 1795974859518, 1795974859524);
INSERT INTO runs VALUES (2, 'f8ea51d8dd7fc585', '{"address":"http://127.0.0.1:8000","model":"vllm/y","root":"y","row":"mit-movie","split":"dev"}', 5, 2, 6, 0, 1795974859519, 1795974859526);
INSERT INTO runs VALUES (3, '26b09beb333e0bbc', '{"model":"tagger","row":"crossner-ai|%=\n\"é","training":"row=1 data=7"}', 3, 1, 2, 1, 1795974859522, 1795974859527);
INSERT INTO runs VALUES (4, 'cc95f8f7e08ae597', '{"model":"tagger","split":"test"}', 0, 0, 0, 0, 1795974859522, 1795974859522);
INSERT INTO completions VALUES (X'0B06A1A4FC90404DA09AD4CB290E5373', CAST(X'5B22636166C3A92030225D0A00E697A5E69CAC' AS TEXT), '', 'stop', 100, 7, 20000000);
INSERT INTO completions VALUES (X'11D0B6719F8C3030A5691329F5DEBEDD', '["café 2"]', '', 'stop', 102, 7, 20000000);
INSERT INTO completions VALUES (X'1AB75F58ECDB13CF5CEFE02A7C696840', '["price range 0"]', '', 'stop', 101, 7, 20000000);
INSERT INTO completions VALUES (X'284B4EA5FF5A6977E1BB1FBC53522EB6', CAST(X'5B22636166C3A92032225D0A00E697A5E69CAC' AS TEXT), '', 'stop', 101, 7, 20000000);
INSERT INTO completions VALUES (X'41CCA897ED1426CC94C53B7A96D61662', '["café 0"]', '', 'stop', 102, 7, 20000000);
INSERT INTO completions VALUES (X'54C49E17D8CE84ED77B36DACA21352E3', '["dish 1"]', '', 'stop', 100, 7, 20000000);
INSERT INTO completions VALUES (X'6B9E29E41676492DF20DF058C0D4FD25', '["café 3"]', '', 'stop', 102, 7, 20000000);
INSERT INTO completions VALUES (X'783A5D2DD73E9E9716B1E9CDBE5D4AD8', '["dish 2"]', '', 'stop', 100, 7, 20000000);
INSERT INTO completions VALUES (X'9AA506F3C11D03C3C1430BA106593D00', '["price range 1"]', '', 'stop', 101, 7, 20000000);
INSERT INTO completions VALUES (X'A2A1C063D1BCB0D4C1F14BCCD37320FC', CAST(X'5B22636166C3A92032225D0A00E697A5E69CAC' AS TEXT), '', 'stop', 101, 7, 20000000);
INSERT INTO completions VALUES (X'B4F592553E88314837C2EA8DFBFCDA5D', '["a 2"]', '', 'stop', 100, 7, 20000000);
INSERT INTO completions VALUES (X'BF2C7AB71E78A82E93A2C4C72A5EF136', CAST(X'5B22636166C3A92034225D0A00E697A5E69CAC' AS TEXT), '', 'stop', 102, 7, 20000000);
INSERT INTO completions VALUES (X'C0D73B5EC35622D4F48A9ECCF7411303', CAST(X'5B22636166C3A92030225D0A00E697A5E69CAC' AS TEXT), '', 'stop', 100, 7, 20000000);
INSERT INTO completions VALUES (X'D7FAB3116EDE1A5E14F7B97BA74E29FE', CAST(X'5B22636166C3A92033225D0A00E697A5E69CAC' AS TEXT), '', 'stop', 100, 7, 20000000);
INSERT INTO completions VALUES (X'DA0E94668445E3ED577115DE827C549B', CAST(X'5B22636166C3A92031225D0A00E697A5E69CAC' AS TEXT), '', 'stop', 102, 7, 20000000);
INSERT INTO completions VALUES (X'E3CD58D641ACE09955E5F8C746D8D6AC', '["price range 4"]', '', 'stop', 101, 7, 20000000);
INSERT INTO completions VALUES (X'E9AC006FF29AADBB8BEA08BB670239C4', '["price range 3"]', '', 'stop', 101, 7, 20000000);
INSERT INTO completions VALUES (X'F427DA0E93260CBDCB2561F994172DC0', '["dish 4"]', '', 'stop', 100, 7, 20000000);
INSERT INTO layouts VALUES (1, '[["dish"],["price range"],["café"]]');
INSERT INTO layouts VALUES (2, '[["a"],["b"]]');
INSERT INTO layouts VALUES (3, '[["a"]]');
INSERT INTO passages VALUES (1, 0, 'mit-restaurant/test/0', 1, 1, X'0B06A1A4FC90404DA09AD4CB290E53731AB75F58ECDB13CF5CEFE02A7C69684041CCA897ED1426CC94C53B7A96D61662');
INSERT INTO passages VALUES (1, 1, 'mit-restaurant/test/1', 1, 1, X'54C49E17D8CE84ED77B36DACA21352E39AA506F3C11D03C3C1430BA106593D00DA0E94668445E3ED577115DE827C549B');
INSERT INTO passages VALUES (1, 2, 'mit-restaurant/test/2', 1, 1, X'783A5D2DD73E9E9716B1E9CDBE5D4AD8A2A1C063D1BCB0D4C1F14BCCD37320FC11D0B6719F8C3030A5691329F5DEBEDD');
INSERT INTO passages VALUES (1, 3, 'mit-restaurant/test/3', 1, 1, X'D7FAB3116EDE1A5E14F7B97BA74E29FEE9AC006FF29AADBB8BEA08BB670239C46B9E29E41676492DF20DF058C0D4FD25');
INSERT INTO passages VALUES (1, 4, 'mit-restaurant/test/4', 1, 1, X'F427DA0E93260CBDCB2561F994172DC0E3CD58D641ACE09955E5F8C746D8D6ACBF2C7AB71E78A82E93A2C4C72A5EF136');
INSERT INTO passages VALUES (2, 0, 'mit-restaurant/test/0', 1, 1, X'0B06A1A4FC90404DA09AD4CB290E53731AB75F58ECDB13CF5CEFE02A7C69684041CCA897ED1426CC94C53B7A96D61662');
INSERT INTO passages VALUES (2, 1, 'mit-restaurant/test/1', 1, 1, X'54C49E17D8CE84ED77B36DACA21352E39AA506F3C11D03C3C1430BA106593D00DA0E94668445E3ED577115DE827C549B');
INSERT INTO passages VALUES (3, 0, 'mit-restaurant/test/0', 3, 0, X'C0D73B5EC35622D4F48A9ECCF7411303');
INSERT INTO passages VALUES (3, 2, 'mit-restaurant/test/2', 2, 1, X'B4F592553E88314837C2EA8DFBFCDA5D284B4EA5FF5A6977E1BB1FBC53522EB6');
INSERT INTO scorings VALUES (1, 5, '{"blank":2,"ok":5}', '{"void":2}', 1795974859528);
INSERT INTO scorings VALUES (2, 2, '{"blank":2,"ok":5}', '{"void":2}', 1795974859529);
INSERT INTO scores VALUES (1, 'span_f1', 'ladder/1', '1', 4, 10, 1300, '{"café":{"tp":4,"n_pred":10,"n_gold":1300}}', X'0500000001018201020284020003860301048804');
INSERT INTO scores VALUES (1, 'span_f1[reader=lenient]', '', '', 0, 0, 3, '{}', X'05000000000000000000000000000000');
INSERT INTO scores VALUES (1, 'uniner_f1', '', '', 0, 0, 3, '{}', X'05000000000000000000000000000000');
INSERT INTO scores VALUES (2, 'span_f1', 'ladder/1', '1', 1, 1, 130, '{"café":{"tp":1,"n_pred":1,"n_gold":130}}', X'0200000001018201');
INSERT INTO scores VALUES (2, 'uniner_f1', '', '', 0, 0, 3, '{}', X'02000000000000');
INSERT INTO facts VALUES (1, 'device', 'CPU');
INSERT INTO facts VALUES (1, 'prompt_tokens', '1500');
INSERT INTO facts VALUES (1, 'seen', 'no');
PRAGMA application_id = 1852142178;
PRAGMA user_version = 2;
