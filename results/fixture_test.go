package results

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nerbench/ner"
)

// testRun is a run named by its model.
func testRun(model string) ner.Run {
	return ner.Run{Keys: map[string]string{"model": model, "dataset": "mit-restaurant", "split": "test", "seed": ""}}
}

// testPassage invents a passage of a run with one answer per type; every third
// answer has characters outside ASCII. Equal queries have equal keys.
func testPassage(question string, index int, types ...ner.EntityType) ner.Passage {
	p := ner.Passage{Index: index, Document: fmt.Sprintf("mit-restaurant/test/%d", index), Answers: make([]ner.Answer, len(types))}
	for i, typ := range types {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d/%s", question, index, typ))
		text := fmt.Sprintf(`["%s %d"]`, typ, index)
		if (index+i)%3 == 0 {
			text = fmt.Sprintf("[\"café %d\"]\n\x00日本", index)
		}
		p.Answers[i] = ner.Answer{
			Types: []ner.EntityType{typ},
			Key:   ner.AnswerKey(sum[:]),
			Completion: ner.Completion{
				Text: text, Finish: ner.FinishStop,
				PromptTokens: 100 + i, AnswerTokens: 7, Duration: 20 * time.Millisecond,
			},
		}
	}
	return p
}

var threeTypes = []ner.EntityType{"dish", "price range", "café"}

func testPassages(question string, n int) []ner.Passage {
	passages := make([]ner.Passage, n)
	for i := range passages {
		passages[i] = testPassage(question, i, threeTypes...)
	}
	return passages
}

// newStore opens a new store that is closed when the test ends.
func newStore(t testing.TB) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "results.db"))
}

func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), path, Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// begun opens a new store with one run in it.
func begun(t testing.TB, run ner.Run, passages int) *Store {
	t.Helper()
	s := newStore(t)
	must(t, s.Begin(context.Background(), run, passages))
	return s
}

// filled makes a closed store with a complete run of n passages, and returns its
// path.
func filled(t testing.TB, n int) string {
	t.Helper()
	s := begun(t, testRun("m"), n)
	must(t, s.Record(context.Background(), testRun("m").ID(), testPassages("q", n), nil))
	must(t, s.Close())
	return s.path
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func dumpOf(t testing.TB, s *Store) string {
	t.Helper()
	var b bytes.Buffer
	must(t, s.Dump(context.Background(), &b))
	return b.String()
}

// collect reads all complete passages of a run.
func collect(t testing.TB, s *Store, runID string) []ner.Passage {
	t.Helper()
	var all []ner.Passage
	for p, err := range s.Passages(context.Background(), runID) {
		must(t, err)
		all = append(all, p)
	}
	return all
}

// raw opens the file without this package, like another program.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, nil))
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func execRaw(t testing.TB, path, query string) {
	t.Helper()
	db := raw(t, path)
	_, err := db.Exec(query)
	must(t, err)
	must(t, db.Close())
}

// sound fails the test if the database is malformed, or if its counters do not
// match its passages.
func sound(t testing.TB, path string) {
	t.Helper()
	db := raw(t, path)
	defer db.Close()
	for query, want := range map[string]string{
		"PRAGMA integrity_check":                           "ok",
		"SELECT count(*) FROM pragma_foreign_key_check":    "0",
		"SELECT count(*) FROM passages WHERE keys IS NULL": "0",
		`SELECT count(*) FROM runs WHERE complete <> (SELECT count(*) FROM passages WHERE run = number AND complete)
			OR queries <> (SELECT coalesce(sum(length(keys) / 16), 0) FROM passages WHERE run = number AND complete)`: "0",
	} {
		var got string
		must(t, db.QueryRow(query).Scan(&got))
		if got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// folder lists the files of a folder with the hashes of their content.
func folder(t testing.TB, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	files := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		must(t, err)
		files[e.Name()] = fmt.Sprintf("%d bytes, %x", len(b), sha256.Sum256(b))
	}
	return files
}
