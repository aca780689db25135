package results

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestTables checks what happens to the rows of each table when a store is copied, merged
// or recovered, and when one of its two runs is removed. What is computed from other rows
// stays in the store that computed it.
func TestTables(t *testing.T) {
	ctx := t.Context()
	want := map[string][5]int{ // in the store, its copy, merged, recovered, with one run removed
		"runs":         {2, 2, 2, 2, 1},
		"totals":       {1, 1, 1, 1, 1},
		"passages":     {4, 4, 4, 4, 2},
		"layouts":      {1, 1, 1, 1, 1},
		"completions":  {12, 12, 12, 12, 6},
		"unused":       {0, 0, 0, 0, 0},
		"claims":       {0, 0, 0, 0, 0},
		"facts":        {2, 2, 2, 2, 1},
		"origin":       {1, 1, 1, 1, 1},
		"scorings":     {2, 2, 0, 2, 1},
		"scores":       {4, 4, 0, 4, 2},
		"pair_tests":   {1, 1, 0, 0, 1},
		"intervals":    {1, 1, 0, 0, 1},
		"costs":        {2, 2, 0, 0, 1},
		"error_counts": {2, 2, 0, 0, 1},
		"sites":        {1, 1, 0, 0, 1},
	}
	s := newStore(t)
	for _, model := range []string{"stays", "removed"} {
		run := testRun(model)
		must(t, s.Begin(ctx, run, 2))
		must(t, s.Record(ctx, run.ID(), testPassages(model, 2), nil))
		must(t, s.End(ctx, run.ID()))
		must(t, s.SaveScores(ctx, run.ID(), someScores(2)))
		must(t, s.AddFacts(ctx, run.ID(), map[string]string{"device": "CPU"}, nil))
		must(t, s.SaveErrorCounts(ctx, map[string]KeptErrors{run.ID(): someErrors(1)}))
		info, err := s.Find(ctx, run.ID())
		must(t, err)
		must(t, s.SaveCost(ctx, info, Cost{Queries: 6}))
	}
	must(t, s.SavePairTests(ctx, map[StatisticKey]PairTest{{1}: {Tried: 1}}))
	must(t, s.SaveIntervals(ctx, map[StatisticKey]Interval{{1}: {High: 1}}))
	must(t, s.SaveSite(ctx, StatisticKey{1}))

	dir := t.TempDir()
	backup, recovered := filepath.Join(dir, "copy.db"), filepath.Join(dir, "recovered.db")
	must(t, s.Backup(ctx, backup))
	h, err := s.Recover(ctx, recovered)
	if err != nil || !h.OK() {
		t.Fatalf("%+v, %v", h, err)
	}
	removed := openAt(t, copied(t, backup))
	must(t, removed.Remove(ctx, testRun("removed").ID()))
	must(t, removed.Close())
	must(t, s.Close())
	stores := []string{s.path, backup, merge(t, s.path), recovered, removed.path}

	tables := strings.Split(contents(t, s.path, "SELECT group_concat(name) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"), ",")
	for _, table := range tables {
		var got [5]int
		for i, path := range stores {
			if got[i], err = strconv.Atoi(contents(t, path, "SELECT count(*) FROM "+table)); err != nil {
				t.Fatal(err)
			}
		}
		if got != want[table] {
			t.Errorf("table %s: %d rows, want %d", table, got, want[table])
		}
	}
	if len(tables) != len(want) {
		t.Errorf("tables %q", tables)
	}

	// Facts keep the store that recorded them. A store that is made from others has a name
	// of its own, so that what is recorded there is added up.
	name := contents(t, s.path, "SELECT source FROM origin")
	own := make([]string, len(stores))
	for i, path := range stores {
		own[i] = contents(t, path, "SELECT source FROM origin")
		if got := contents(t, path, "SELECT group_concat(DISTINCT source) FROM facts"); got != name {
			t.Errorf("%s: facts of %s, want %s", path, got, name)
		}
		sound(t, path)
	}
	if own[1] != name || own[4] != name || own[2] == name || own[3] == name || own[2] == own[3] {
		t.Errorf("names %q", own)
	}
}

// TestNamelessStore: a store whose name is lost adds no facts, is reported as damaged, and
// is recovered.
func TestNamelessStore(t *testing.T) {
	ctx := t.Context()
	for name, damage := range map[string]string{"no row": "DELETE FROM origin", "no text": "UPDATE origin SET source = ''"} {
		t.Run(name, func(t *testing.T) {
			run := testRun("m")
			s := begun(t, run, 2)
			must(t, s.AddFacts(ctx, run.ID(), nil, map[string]int64{"prompt_tokens": 3}))
			must(t, s.End(ctx, run.ID()))
			execRaw(t, s.path, damage)
			more := map[string]int64{"prompt_tokens": 4}
			if err := s.AddFacts(ctx, run.ID(), nil, more); !errors.Is(err, ErrDamaged) {
				t.Errorf("added facts: %v, want ErrDamaged", err)
			}
			path := filepath.Join(t.TempDir(), "new.db")
			h, err := s.Recover(ctx, path)
			if err != nil || h.OK() || h.Summary() != "the file is malformed (the store has no name)" {
				t.Errorf("%+v, %v, want a fault", h, err)
			}
			s = openAt(t, path)
			must(t, s.AddFacts(ctx, run.ID(), nil, more))
			if info, err := s.Find(ctx, run.ID()); err != nil || info.Facts["prompt_tokens"] != "7" {
				t.Errorf("facts %v, %v", info.Facts, err)
			}
			if h, err := s.Check(ctx); err != nil || !h.OK() {
				t.Errorf("the new store: %+v, %v", h, err)
			}
		})
	}
}
