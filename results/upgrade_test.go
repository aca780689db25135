package results

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/ner"
)

// formerRuns are the runs of testdata/schema2.sql, which was made by fillFormer in
// the program of schema 2, with the key "row".
func formerRuns(key string) []ner.Run {
	return []ner.Run{
		{Keys: map[string]string{
			"model": "ollama/x", "digest": "sha256:0123", "server": "ollama", "server_version": "0.24.0", key: "mit-restaurant",
			"split": "test", "data": "d0", "labels": "l0", "gold": "native", "view": "all", "family": "uniner", "family_hash": "f0",
			"order": "shuffle:row", "seed": "7", "temperature": "0", "dataset_name": "ids", "cap": "500",
		}},
		{Keys: map[string]string{"model": "vllm/y", "address": "http://127.0.0.1:8000", "root": "y", key: "mit-movie", "split": "dev"}},
		{Keys: map[string]string{"model": "tagger", "training": "row=1 data=7", key: "crossner-ai|%=\n\"é"}},
		{Keys: map[string]string{"model": "tagger", "split": "test"}}, // without the key
	}
}

// fillFormer fills a store with a complete run that is scored, one that shares
// answers and ended early, one that is in progress, and one without passages.
func fillFormer(t testing.TB, s *Store, key string) {
	t.Helper()
	ctx := context.Background()
	runs := formerRuns(key)
	for i, passages := range []int{5, 5, 3, 0} {
		must(t, s.Begin(ctx, runs[i], passages))
	}
	shared := testPassages("q", 5)
	must(t, s.Record(ctx, runs[0].ID(), shared, nil))
	must(t, s.Record(ctx, runs[1].ID(), shared[:2], nil))
	must(t, s.Record(ctx, runs[2].ID(), []ner.Passage{testPassage("own", 2, "a", "b")}, []ner.Passage{testPassage("own", 0, "a")}))
	for _, i := range []int{0, 1, 3} {
		must(t, s.End(ctx, runs[i].ID()))
	}
	scores := someScores(5)
	scores.Metrics["span_f1[reader=lenient]"] = scores.Metrics["uniner_f1"]
	must(t, s.SaveScores(ctx, runs[0].ID(), scores))
	must(t, s.SaveScores(ctx, runs[1].ID(), someScores(2)))
	must(t, s.AddFacts(ctx, runs[0].ID(), map[string]string{"device": "CPU", "seen": "no"}, map[string]int64{"prompt_tokens": 1500}))
}

// formerIDs are the ids of the runs in schema 2.
var formerIDs = []string{"fb41f3f1131b9c6c", "f8ea51d8dd7fc585", "26b09beb333e0bbc", "cc95f8f7e08ae597"}

// formerStore makes a store with schema 2.
func formerStore(t *testing.T) (path string) {
	t.Helper()
	text, err := os.ReadFile("testdata/schema2.sql")
	must(t, err)
	path = filepath.Join(t.TempDir(), "results.db")
	execRaw(t, path, "PRAGMA journal_mode = wal; BEGIN; "+string(text)+"COMMIT")
	return path
}

func TestFormerStore(t *testing.T) {
	ctx := t.Context()
	path := formerStore(t)
	before := folder(t, filepath.Dir(path))
	if _, err := OpenReadOnly(ctx, path); !errors.Is(err, ErrOlder) {
		t.Errorf("read-only: %v, want ErrOlder", err)
	}
	if after := folder(t, filepath.Dir(path)); !maps.Equal(after, before) {
		t.Errorf("reading changed %v to %v", before, after)
	}
	times := "SELECT group_concat(created || ' ' || updated || ' ' || coalesce(scored, ''), ';' ORDER BY number) FROM runs LEFT JOIN scorings ON run = number"
	timesBefore := contents(t, path, times)

	s, err := Open(ctx, path, Existing)
	must(t, err)
	defer s.Close()
	fresh := newStore(t)
	fillFormer(t, fresh, "dataset")
	must(t, fresh.Close()) // its run in progress is stopped
	fresh = openAt(t, fresh.path)
	if got, want := dumpOf(t, s), dumpOf(t, fresh); got != want {
		t.Errorf("after the migration:\n%s\nwant\n%s", got, want)
	}
	if got := contents(t, path, times); got != timesBefore {
		t.Errorf("times %s, want %s", got, timesBefore)
	}
	for i, run := range formerRuns("dataset") {
		got, err := s.Find(ctx, run.ID())
		must(t, err)
		want, err := fresh.Find(ctx, run.ID())
		must(t, err)
		got.Created, got.Updated = want.Created, want.Updated
		if !reflect.DeepEqual(got, want) {
			t.Errorf("run %d:\n got %+v\nwant %+v", i, got, want)
		}
		for _, prefix := range []string{formerIDs[i], formerIDs[i][:8]} {
			if got, err := s.Find(ctx, prefix); err != nil || got.ID != run.ID() {
				t.Errorf("former id %s: run %q, %v, want %s", prefix, got.ID, err, run.ID())
			}
		}
		if got, want := collect(t, s, run.ID()), collect(t, fresh, run.ID()); !reflect.DeepEqual(got, want) {
			t.Errorf("run %d: passages\n got %+v\nwant %+v", i, got, want)
		}
	}
	must(t, s.Close())
	sound(t, path)
}

// storeWithoutChecksums makes a store with schema 4, the last without checksums.
func storeWithoutChecksums(t *testing.T) (path string) { return storeOfSchema(t, 4) }

// storeOfSchema makes a store of a former schema, from 2 on.
func storeOfSchema(t *testing.T, version int) (path string) {
	t.Helper()
	path = formerStore(t)
	c := defaults()
	former := fstest.MapFS{}
	names, err := numbered(c.migrations)
	must(t, err)
	for _, name := range names[:version] {
		text, err := fs.ReadFile(c.migrations, name)
		must(t, err)
		former[name] = &fstest.MapFile{Data: text}
	}
	c.migrations = former
	db := pool(path, 1, nil)
	must(t, migrateWithRetry(t.Context(), db, c))
	must(t, db.Close())
	return path
}

// TestChecksumsAreAdded checks that an upgraded store has the checksums of a new one, and
// the same ids and keys of answers.
func TestChecksumsAreAdded(t *testing.T) {
	ctx := t.Context()
	path := storeWithoutChecksums(t)
	const addresses = "SELECT (SELECT group_concat(id || passages || complete || queries) FROM runs) || (SELECT group_concat(hex(key)) FROM completions)"
	before := contents(t, path, addresses)
	s := openAt(t, path)
	if after := contents(t, path, addresses); after != before {
		t.Errorf("ids and keys changed from %s to %s", before, after)
	}
	fresh := newStore(t)
	_, err := fresh.write.Exec("UPDATE origin SET source = ?", contents(t, path, "SELECT source FROM origin"))
	must(t, err)
	fillFormer(t, fresh, "dataset")
	if got, want := dumpOf(t, s), dumpOf(t, fresh); got != want {
		t.Errorf("after the upgrade:\n%s\nwant\n%s", got, want)
	}
	const sums = `SELECT (SELECT group_concat(checksum ORDER BY key) FROM completions)
		|| (SELECT group_concat(passages.checksum ORDER BY id, place) FROM passages JOIN runs ON run = number)
		|| (SELECT group_concat(scores.checksum ORDER BY id, metric) FROM scores JOIN runs ON run = number)
		|| (SELECT group_concat(facts_sum ORDER BY id) FROM runs)`
	if got, want := contents(t, path, sums), contents(t, fresh.path, sums); got != want {
		t.Errorf("checksums\n%s\nwant\n%s", got, want)
	}
	h, err := s.Check(ctx)
	if err != nil || !h.OK() {
		t.Errorf("the upgraded store: %+v, %v", h, err)
	}
}

// TestSourcesAreAdded checks that the facts of a store without sources keep their values
// and get its source, and that damaged ones get no checksum.
func TestSourcesAreAdded(t *testing.T) {
	ctx := t.Context()
	for _, schema := range []int{7, 8} {
		path := storeOfSchema(t, schema)
		s := openAt(t, path)
		info, err := s.Find(ctx, formerRuns("dataset")[0].ID())
		must(t, err)
		if want := map[string]string{"device": "CPU", "seen": "no", "prompt_tokens": "1500"}; !maps.Equal(info.Facts, want) {
			t.Errorf("schema %d: facts %v, want %v", schema, info.Facts, want)
		}
		must(t, s.AddFacts(ctx, info.ID, nil, map[string]int64{"prompt_tokens": 7}))
		if info, err = s.Find(ctx, info.ID); err != nil || info.Facts["prompt_tokens"] != "1507" {
			t.Errorf("schema %d: facts %v, %v", schema, info.Facts, err)
		}
		if n := contents(t, path, "SELECT count(DISTINCT facts.source) || ' ' || min(length(facts.source)) FROM facts JOIN origin USING (source)"); n != "1 16" {
			t.Errorf("schema %d: sources and their length: %s, want 1 16", schema, n)
		}
		damaged := storeOfSchema(t, schema)
		execRaw(t, damaged, "UPDATE facts SET value = '9' WHERE name = 'prompt_tokens'")
		if _, err := Open(ctx, damaged, Existing); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "facts of run") {
			t.Errorf("schema %d: error %v, want ErrDamaged", schema, err)
		}
	}
}

// TestDamagedStoreIsNotUpgraded checks that a damaged store gets no checksums, which
// would make it look whole.
func TestDamagedStoreIsNotUpgraded(t *testing.T) {
	for name, damage := range map[string]string{
		"id":      "UPDATE runs SET id = '0123456789abcdef' WHERE number = 1",
		"counts":  "UPDATE runs SET complete = 4 WHERE number = 1",
		"queries": "UPDATE runs SET queries = 4 WHERE number = 1",
		"passage": "DELETE FROM passages WHERE run = 2 AND place = 0",
		"layout":  "PRAGMA foreign_keys = off; DELETE FROM layouts",
	} {
		t.Run(name, func(t *testing.T) {
			path := storeWithoutChecksums(t)
			execRaw(t, path, damage)
			_, err := Open(t.Context(), path, Existing)
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "migration 0005_checksums.sql") {
				t.Errorf("error %v, want ErrDamaged", err)
			}
			if got := contents(t, path, "SELECT user_version FROM pragma_user_version"); got != "4" {
				t.Errorf("schema %s, want 4", got)
			}
		})
	}
}

// TestFormerRunContinues checks that the same plan finds the answers in a migrated
// store.
func TestFormerRunContinues(t *testing.T) {
	ctx := t.Context()
	path := formerStore(t)
	s := openAt(t, path)
	run := formerRuns("dataset")[1]
	must(t, s.Begin(ctx, run, 5))
	done, err := s.Done(ctx, run.ID())
	must(t, err)
	if want := []bool{true, true, false, false, false}; !slices.Equal(done, want) {
		t.Errorf("done %v, want %v", done, want)
	}
	rest := testPassages("q", 5)[2:]
	known, err := s.Cached(ctx, keysOfPassage(rest[0]))
	must(t, err)
	if len(known) != len(rest[0].Answers) {
		t.Errorf("%d cached answers of another run, want %d", len(known), len(rest[0].Answers))
	}
	must(t, s.Record(ctx, run.ID(), rest, nil))
	must(t, s.End(ctx, run.ID()))
	if got := collect(t, s, run.ID()); !reflect.DeepEqual(got, testPassages("q", 5)) {
		t.Errorf("passages %+v", got)
	}
	runs, err := s.Runs(ctx, map[string]string{"dataset": "mit-movie"})
	must(t, err)
	if len(runs) != 1 || runs[0].State != Complete {
		t.Errorf("runs of the dataset: %+v, want one that is complete", runs)
	}
	must(t, s.Close())
	sound(t, path)
}

// TestCurrentIDComesFirst uses a prefix of both an id and a former id.
func TestCurrentIDComesFirst(t *testing.T) {
	path := formerStore(t)
	must(t, openAt(t, path).Close())
	runs := formerRuns("dataset")
	r, err := readRun(t.Context(), raw(t, path), runs[1].ID())
	must(t, err)
	r.former.String = runs[0].ID()
	execRaw(t, path, fmt.Sprintf("UPDATE runs SET former_id = '%s', checksum = %d WHERE id = '%s'", r.former.String, r.sum(), r.id))
	got, err := openAt(t, path).Find(t.Context(), runs[0].ID())
	if err != nil || got.ID != runs[0].ID() {
		t.Errorf("run %q, %v, want %s", got.ID, err, runs[0].ID())
	}
}

func TestInterruptedMigrationChangesNothing(t *testing.T) {
	for name, stop := range map[string]func(t *testing.T, path string){
		"killed": func(t *testing.T, path string) {
			cmd := childCommand(t, path, "migrate")
			out, err := cmd.StdoutPipe()
			must(t, err)
			in, err := cmd.StdinPipe()
			must(t, err)
			defer in.Close()
			must(t, cmd.Start())
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil || line != "renamed 4 runs\n" {
				t.Errorf("the process printed %q, %v", line, err)
			}
			must(t, cmd.Process.Kill())
			if cmd.Wait() == nil {
				t.Error("the process ended before it was killed")
			}
		},
		"failed": func(t *testing.T, path string) {
			c := defaults()
			c.steps["0004_dataset.sql"] = func(ctx context.Context, tx *sql.Tx) error {
				return errors.Join(renameKey(ctx, tx), errors.New("no more"))
			}
			if _, err := open(t.Context(), path, Existing, c); err == nil || !strings.Contains(err.Error(), "migration 0004_dataset.sql: no more") {
				t.Errorf("error %v", err)
			}
		},
		"damaged": func(t *testing.T, path string) {
			execRaw(t, path, "UPDATE runs SET keys = '[1]' WHERE number = 4")
			if _, err := Open(t.Context(), path, Existing); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), formerIDs[3]) {
				t.Errorf("error %v, want ErrDamaged", err)
			}
			execRaw(t, path, `UPDATE runs SET keys = '{"model":"tagger","split":"test"}' WHERE number = 4`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := formerStore(t)
			all := "SELECT (SELECT group_concat(sql) FROM sqlite_schema) || user_version || group_concat(number || id || keys, ';') FROM runs, pragma_user_version"
			before := contents(t, path, all)
			stop(t, path)
			if after := contents(t, path, all); after != before {
				t.Errorf("the store changed from\n%s\nto\n%s", before, after)
			}
			sound(t, path)
			fresh := newStore(t)
			fillFormer(t, fresh, "dataset")
			s := openAt(t, path)
			if got, want := dumpOf(t, s), dumpOf(t, fresh); got != want {
				t.Errorf("migrated again:\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// contents returns the single value of a query on the file.
func contents(t *testing.T, path, query string) string {
	t.Helper()
	db := raw(t, path)
	defer db.Close()
	var value string
	must(t, db.QueryRow(query).Scan(&value))
	return value
}

// childMigrate upgrades a store, and waits after the change of the runs until it is
// killed.
func childMigrate(path string) error {
	c := defaults()
	c.steps["0004_dataset.sql"] = func(ctx context.Context, tx *sql.Tx) error {
		if err := renameKey(ctx, tx); err != nil {
			return err
		}
		var n int
		const renamed = "SELECT count(*) FROM runs WHERE keys NOT LIKE '%\"row\":%'"
		if err := tx.QueryRowContext(ctx, renamed).Scan(&n); err != nil {
			return err
		}
		fmt.Printf("renamed %d runs\n", n)
		_, err := os.Stdin.Read(make([]byte, 1)) // no input arrives
		return err
	}
	_, err := open(context.Background(), path, Existing, c)
	return err
}
