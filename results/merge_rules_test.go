package results

import (
	"database/sql"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nerbench/ner"
)

// mergedBothWays merges two stores in both orders, and opens the results.
func mergedBothWays(t *testing.T, a, b string) []*Store {
	t.Helper()
	return []*Store{openAt(t, merge(t, a, b)), openAt(t, merge(t, b, a))}
}

// TestMergedFactsOfCopies: of a store and its copy that were both used further, which are
// one source, the larger counts and all texts stay.
func TestMergedFactsOfCopies(t *testing.T) {
	ctx, id := t.Context(), testRun("m").ID()
	path := filled(t, 2)
	add := func(path, device string, tokens int64) {
		s := openAt(t, path)
		must(t, s.AddFacts(ctx, id, map[string]string{"device": device}, map[string]int64{"prompt_tokens": tokens}))
		must(t, s.Close())
	}
	add(path, "CPU", 30)
	other := copied(t, path)
	add(path, "CUDA0", 8)
	add(other, "CUDA1", 70)
	for _, s := range mergedBothWays(t, path, other) {
		info, err := s.Find(ctx, id)
		must(t, err)
		if want := map[string]string{"device": "CPU; CUDA0; CUDA1", "prompt_tokens": "100"}; !maps.Equal(info.Facts, want) {
			t.Errorf("facts %v, want %v", info.Facts, want)
		}
	}
}

// TestMergedRows: what stays of the rows of a run does not depend on the order.
func TestMergedRows(t *testing.T) {
	ctx, id := t.Context(), testRun("m").ID()
	with := func(created, updated int64, former, keysEnd string) string {
		path := filled(t, 2)
		s := openAt(t, path)
		must(t, changeRun(ctx, s.write, id, func(tx *sql.Tx, r *runRow) error {
			r.created, r.updated, r.former, r.asking = created, updated, sql.NullString{String: former, Valid: former != ""}, false
			r.keys += keysEnd
			_, err := tx.Exec("UPDATE runs SET created = ?, former_id = ?, keys = ? WHERE number = ?", r.created, r.former, r.keys, r.number)
			return err
		}))
		must(t, s.Close())
		return path
	}
	a, b, c := with(20, 200, "bbb", ""), with(10, 300, "aaa", " "), with(15, 100, "", "")
	for _, paths := range [][]string{{a, c, b}, {c, b, a}, {b, c, a}} {
		s := openAt(t, merge(t, paths...))
		row, err := readRun(ctx, s.read, id)
		must(t, err)
		if row.created != 10 || row.updated != 300 || row.former.String != "aaa" || strings.HasSuffix(row.keys, " ") {
			t.Errorf("merged row %+v", row)
		}
	}
}

// TestMergedIncompletePassages: the passage with more answers stays.
func TestMergedIncompletePassages(t *testing.T) {
	ctx, id := t.Context(), testRun("m").ID()
	with := func(answers int) string {
		s := begun(t, testRun("m"), 1)
		p := testPassage("q", 0, threeTypes...)
		p.Answers = p.Answers[:answers]
		must(t, s.Record(ctx, id, nil, []ner.Passage{p}))
		must(t, s.Close())
		return s.path
	}
	for _, s := range mergedBothWays(t, with(1), with(2)) {
		if n := contents(t, s.path, "SELECT (length(keys) / 16) || ' ' || complete FROM passages"); n != "2 0" {
			t.Errorf("answers and completeness: %s, want 2 0", n)
		}
	}
}

// TestMergedUnusedAnswers: answers of a removal that was interrupted in one of the stores
// are removed by the next one.
func TestMergedUnusedAnswers(t *testing.T) {
	ctx := t.Context()
	a := storeWith(t, everything)
	execRaw(t, a, "INSERT INTO unused (key) SELECT key FROM completions ORDER BY key LIMIT 2") // used all the same
	interrupted := begun(t, testRun("m"), 2)
	must(t, interrupted.Record(ctx, testRun("m").ID(), testPassages("own", 2), nil))
	part(t, interrupted, testRun("m").ID())
	must(t, interrupted.Close())
	b := interrupted.path
	for _, s := range mergedBothWays(t, a, b) {
		before := contents(t, s.path, "SELECT count(*) FROM completions")
		must(t, s.Remove(ctx, testRun("m").ID()))
		after := contents(t, s.path, "SELECT (SELECT count(*) FROM completions) || ' ' || (SELECT count(*) FROM unused)")
		if want := contents(t, a, "SELECT count(*) || ' 0' FROM completions"); after != want {
			t.Errorf("%s answers, and after the removal %s, want %s", before, after, want)
		}
	}
}

// TestChangedSources: a store that was changed since it was opened is refused.
func TestChangedSources(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"time":    func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) },
		"size":    func(path string) error { return os.Truncate(path, 0) },
		"log":     func(path string) error { return os.WriteFile(path+"-wal", nil, 0o600) },
		"nothing": func(string) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			path := filled(t, 2)
			all, err := openSources(t.Context(), []string{path})
			must(t, err)
			defer all.close()
			must(t, change(path))
			if err := all.unchanged(); errors.Is(err, ErrInUse) != (name != "nothing") {
				t.Errorf("error %v", err)
			}
		})
	}
	path := filled(t, 2)
	all, err := openSources(t.Context(), []string{path})
	must(t, err)
	defer all.close()
	must(t, os.Rename(path, filepath.Join(t.TempDir(), "elsewhere.db")))
	if err := all.unchanged(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a store that is gone: %v", err)
	}
}
