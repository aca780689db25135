package results

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/ner"
)

func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	small := defaults()
	small.pragmas = []string{"max_page_count(150)"}
	s, err := open(t.Context(), path, Create, small)
	must(t, err)
	const n = 4 * queueLimit
	run := testRun("m")
	must(t, s.Begin(t.Context(), run, n))

	w := s.Writer(t.Context(), run.ID())
	must(t, w.Record(t.Context(), testPassage("q", 0, threeTypes...), true))
	committed := make(chan bool)
	w.Committed(func() { close(committed) })
	<-committed // else the first transaction may be too large
	for i := 1; i < n && err == nil; i++ {
		err = w.Record(t.Context(), testPassage("q", i, threeTypes...), true)
	}
	if !errors.Is(err, ErrFull) {
		t.Errorf("recording until it is full: %v, want ErrFull", err)
	}
	for range 2 {
		if err := w.Close(); !errors.Is(err, ErrFull) {
			t.Errorf("closing the writer: %v, want ErrFull", err)
		}
	}
	kept := len(collect(t, s, run.ID()))
	if kept == 0 || kept == n {
		t.Errorf("%d passages are kept of %d", kept, n)
	}
	must(t, s.Close())
	sound(t, path)

	// With free space again, the run continues.
	s = openAt(t, path)
	must(t, s.Record(t.Context(), run.ID(), testPassages("q", n), nil))
	undisturbed := begun(t, run, n)
	must(t, undisturbed.Record(t.Context(), run.ID(), testPassages("q", n), nil))
	if dumpOf(t, s) != dumpOf(t, undisturbed) {
		t.Error("the store differs from that of an uninterrupted run")
	}
}

func TestDamagedFile(t *testing.T) {
	const n = 500
	path := filled(t, n)
	good, err := os.ReadFile(path)
	must(t, err)
	const page = 4096
	for name, damage := range map[string]func(b []byte) []byte{
		"cut":                 func(b []byte) []byte { return b[:len(b)/2/page*page] },
		"truncated in a page": func(b []byte) []byte { return b[:len(b)/2+100] },
		"first half overwritten": func(b []byte) []byte {
			for i := page; i < len(b)/2; i++ {
				b[i] = 0xa5
			}
			return b
		},
		"zero after the header": func(b []byte) []byte {
			clear(b[page:])
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "results.db")
			must(t, os.WriteFile(path, damage([]byte(string(good))), 0o644))
			if err := readEverything(t, path, n); !errors.Is(err, ErrDamaged) {
				t.Errorf("error %v, want ErrDamaged", err)
			}
		})
	}
	t.Run("header overwritten", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "results.db")
		b := []byte(string(good))
		copy(b, "not a database")
		must(t, os.WriteFile(path, b, 0o644))
		if err := readEverything(t, path, n); !errors.Is(err, ErrNotStore) {
			t.Errorf("error %v, want ErrNotStore", err)
		}
	})
}

// readEverything returns the first error, or nil if all n passages were read.
func readEverything(t *testing.T, path string, n int) error {
	s, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Dump(t.Context(), io.Discard); err != nil {
		return err
	}
	got := 0
	for _, err := range s.Passages(t.Context(), testRun("m").ID()) {
		if err != nil {
			return err
		}
		got++
	}
	if got != n {
		return fmt.Errorf("%d passages were read, and there is no error", got)
	}
	return nil
}

// TestContradictionsAreErrors makes inconsistent changes to a valid database.
func TestContradictionsAreErrors(t *testing.T) {
	for name, statement := range map[string]string{
		"answer missing":          "DELETE FROM completions WHERE key = (SELECT substr(keys, 17, 16) FROM passages WHERE place = 1)",
		"too few keys":            "UPDATE passages SET keys = substr(keys, 1, 32) WHERE place = 1",
		"layout is not a list":    "UPDATE layouts SET types = '{}'",
		"layout of other queries": "UPDATE layouts SET types = '[[\"a\"]]'",
	} {
		t.Run(name, func(t *testing.T) {
			path := filled(t, 3)
			execRaw(t, path, statement)
			s := openAt(t, path)
			var got []ner.Passage
			var err error
			for p, e := range s.Passages(t.Context(), testRun("m").ID()) {
				if err != nil {
					t.Fatal("the iteration continues after an error")
				}
				if err = e; err == nil {
					got = append(got, p)
				}
			}
			if !errors.Is(err, ErrDamaged) || !strings.HasPrefix(err.Error(), "store: "+path+": damaged") {
				t.Errorf("error %v, want ErrDamaged", err)
			}
			for _, p := range got {
				if len(p.Answers) != len(threeTypes) {
					t.Errorf("passage %d has %d answers", p.Index, len(p.Answers))
				}
			}
		})
	}
	t.Run("passage outside", func(t *testing.T) {
		path := filled(t, 3)
		execRaw(t, path, "UPDATE passages SET place = 7 WHERE place = 2")
		if _, err := openAt(t, path).Done(t.Context(), testRun("m").ID()); !errors.Is(err, ErrDamaged) {
			t.Errorf("error %v, want ErrDamaged", err)
		}
	})
	t.Run("counts", func(t *testing.T) {
		path := filled(t, 3)
		s := openAt(t, path)
		must(t, s.SaveScores(t.Context(), testRun("m").ID(), someScores(3)))
		execRaw(t, path, "UPDATE scores SET passages = x'ff'")
		if _, err := s.Counts(t.Context(), testRun("m").ID(), "span_f1"); !errors.Is(err, ErrDamaged) {
			t.Errorf("error %v, want ErrDamaged", err)
		}
	})
}

// TestScoresOfAnotherTime makes a run forget that it was scored, as a log of another time
// does.
func TestScoresOfAnotherTime(t *testing.T) {
	path := filled(t, 3)
	s := openAt(t, path)
	const row = "SELECT 'UPDATE runs SET scoring_sum = ' || scoring_sum || ', checksum = ' || checksum FROM runs"
	before := contents(t, path, row)
	must(t, s.SaveScores(t.Context(), testRun("m").ID(), someScores(3)))
	execRaw(t, path, before)
	if _, err := s.Find(t.Context(), testRun("m").ID()); !errors.Is(err, ErrDamaged) {
		t.Errorf("error %v, want ErrDamaged", err)
	}
	if h, err := s.Check(t.Context()); err != nil || h.OK() {
		t.Errorf("%+v, %v, want that the scores are damaged", h, err)
	}
}
