package results

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nerbench/ner"
)

// TestBackupDuringWrites copies a store that is being written.
func TestBackupDuringWrites(t *testing.T) {
	ctx := t.Context()
	const n = 400
	run := testRun("m")
	s := begun(t, run, n)
	must(t, s.Record(ctx, run.ID(), testPassages("q", 100), nil))
	written := make(chan error)
	started := make(chan struct{})
	go func() {
		for i := 100; i < n; i++ {
			if err := s.Record(context.WithoutCancel(ctx), run.ID(), []ner.Passage{testPassage("q", i, threeTypes...)}, nil); err != nil {
				written <- err
				return
			}
			if i == 110 {
				close(started)
			}
		}
		written <- nil
	}()
	<-started
	path := filepath.Join(t.TempDir(), "a copy.db")
	must(t, s.Backup(ctx, path))
	must(t, <-written)
	copied := openAt(t, path)
	h, err := copied.Check(ctx)
	if err != nil || !h.OK() {
		t.Errorf("the copy: %+v, %v", h, err)
	}
	got := collect(t, copied, run.ID())
	if len(got) < 100 || !reflect.DeepEqual(got, testPassages("q", len(got))) {
		t.Errorf("%d passages, want at least 100", len(got))
	}
	if err := s.Backup(ctx, path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a file: %v", err)
	}
}

func TestRecoverWholeStore(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "results.db")
	must(t, os.WriteFile(path, storeToMutate(t), 0o600))
	s := openAt(t, path)
	to := filepath.Join(t.TempDir(), "new.db")
	h, err := s.Recover(ctx, to)
	if err != nil || !h.OK() || h.Summary() != "" {
		t.Errorf("%+v, %v", h, err)
	}
	recovered := openAt(t, to)
	want, got := observe(ctx, s), observe(ctx, recovered)
	for name := range want {
		if name != "runs" && name != "run 2: info" && got[name] != want[name] { // a run in progress has ended
			t.Errorf("%s:\n got %.400s\nwant %.400s", name, got[name], want[name])
		}
	}
	if h, err := recovered.Check(ctx); err != nil || !h.OK() {
		t.Errorf("the new store: %+v, %v", h, err)
	}
	if _, err := s.Recover(ctx, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a file: %v", err)
	}
}

// TestRecover damages a store and recovers it. The new store has what is whole, and the
// same run continues in it.
func TestRecover(t *testing.T) {
	ctx := t.Context()
	run, other := testRun("m"), testRun("other")
	key := func(passage, answer int) string {
		return fmt.Sprintf("x'%x'", testPassage("q", passage, threeTypes...).Answers[answer].Key[:])
	}
	for name, tc := range map[string]struct {
		damage  string
		lost    []int // passages
		scored  bool
		summary string
	}{
		"an answer":      {"UPDATE completions SET text = 'x' WHERE key = " + key(7, 1), []int{7}, false, "1 of 617 answers are damaged; 1 of 2 runs are damaged"},
		"a lost answer":  {"DELETE FROM completions WHERE key = " + key(7, 1), []int{7}, false, "1 of 2 runs are damaged"},
		"two passages":   {"UPDATE passages SET document = 'x' WHERE run = 1 AND place IN (3, 150)", []int{3, 150}, false, "1 of 2 runs are damaged"},
		"a lost passage": {"DELETE FROM passages WHERE run = 1 AND place = 199", []int{199}, false, "1 of 2 runs are damaged"},
		"scores":         {"UPDATE scores SET tp = 0 WHERE run = 1", nil, false, "1 of 2 runs are damaged"},
		"facts":          {"UPDATE facts SET value = 'GPU' WHERE run = 1", nil, true, "1 of 2 runs are damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			s := begun(t, run, 200)
			must(t, s.Record(ctx, run.ID(), testPassages("q", 200), nil))
			must(t, s.End(ctx, run.ID()))
			must(t, s.SaveScores(ctx, run.ID(), someScores(200)))
			must(t, s.AddFacts(ctx, run.ID(), map[string]string{"device": "CPU"}, nil))
			must(t, s.Begin(ctx, other, 10))
			must(t, s.Record(ctx, other.ID(), testPassages("own", 5), []ner.Passage{testPassage("own", 6, "a", "b")}))
			before := len(collect(t, s, other.ID()))
			must(t, s.Close())
			execRaw(t, s.path, "PRAGMA foreign_keys = off; "+tc.damage)

			s = openAt(t, s.path)
			to := filepath.Join(t.TempDir(), "new.db")
			h, err := s.Recover(ctx, to)
			must(t, err)
			if h.Summary() != tc.summary {
				t.Errorf("summary %q, want %q", h.Summary(), tc.summary)
			}
			recovered := openAt(t, to)
			if h, err := recovered.Check(ctx); err != nil || !h.OK() {
				t.Errorf("the new store: %+v, %v", h, err)
			}
			info, err := recovered.Find(ctx, run.ID())
			must(t, err)
			if info.Complete != 200-len(tc.lost) || (info.Scores.Metrics != nil) != tc.scored {
				t.Errorf("%d passages, scores %v", info.Complete, info.Scores.Metrics)
			}
			if got := collect(t, recovered, other.ID()); len(got) != before {
				t.Errorf("the other run has %d passages, want %d", len(got), before)
			}
			must(t, recovered.Begin(ctx, run, 200))
			done, err := recovered.Done(ctx, run.ID())
			must(t, err)
			for _, i := range tc.lost {
				if done[i] {
					t.Errorf("passage %d is complete", i)
				}
				must(t, recovered.Record(ctx, run.ID(), []ner.Passage{testPassage("q", i, threeTypes...)}, nil))
			}
			if got := collect(t, recovered, run.ID()); !reflect.DeepEqual(got, testPassages("q", 200)) {
				t.Error("the completed run differs")
			}
		})
	}
}

// TestRecoverFromDamagedPages recovers stores with a page that cannot be read. All that
// is in the new store must be right.
func TestRecoverFromDamagedPages(t *testing.T) {
	ctx := t.Context()
	content := storeToMutate(t)
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.db")
	must(t, os.WriteFile(whole, content, 0o600))
	s := openAt(t, whole)
	want := observe(ctx, s)
	recovered := 0
	for page := 1; page < len(content)/pageSize; page += 3 {
		path, to := filepath.Join(dir, fmt.Sprint(page, ".db")), filepath.Join(dir, fmt.Sprint(page, "-new.db"))
		b := append([]byte(nil), content...)
		clear(b[page*pageSize:][:pageSize])
		must(t, os.WriteFile(path, b, 0o600))
		damaged, err := OpenReadOnly(ctx, path)
		if err != nil {
			continue
		}
		if _, err := damaged.Recover(ctx, to); err != nil {
			t.Errorf("page %d: %v", page+1, err)
		}
		must(t, damaged.Close())
		recovered++
		r := openAt(t, to)
		if h, err := r.Check(ctx); err != nil || !h.OK() {
			t.Errorf("page %d: the new store: %+v, %v", page+1, h, err)
		}
		got := observe(ctx, r)
		for name, value := range want {
			if strings.HasPrefix(name, "cached") && got[name] != "" && got[name] != value {
				t.Errorf("page %d: %s: got %.300s, want %.300s", page+1, name, got[name], value)
			}
		}
		must(t, r.Close())
		removeStore(to)
	}
	if recovered < 5 {
		t.Errorf("only %d stores were recovered", recovered)
	}
}

// TestCheckDuringRemoval removes a run that is being checked, which is no damage.
func TestCheckDuringRemoval(t *testing.T) {
	ctx := t.Context()
	path := filled(t, 20)
	s := openAt(t, path)
	run := testRun("removed")
	must(t, s.Begin(ctx, run, 20))
	must(t, s.Record(ctx, run.ID(), testPassages("removed", 20), nil))
	must(t, s.End(ctx, run.ID()))
	h, err := s.salvage(ctx, salvaged{
		answer: func([]byte, *ner.Completion) error { return nil },
		run: func(r *wholeRun) error {
			if r.id == run.ID() {
				return s.Remove(ctx, r.id)
			}
			return nil
		},
		block: func(*wholeRun, []ner.Passage) error { return nil },
		end:   func(*wholeRun) error { return nil },
	})
	if err != nil || !h.OK() || len(h.Runs) != 1 {
		t.Errorf("%+v, %v, want one run without damage", h, err)
	}
}
