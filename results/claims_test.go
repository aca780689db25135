package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nerbench/ner"
)

// TestSecondProcessIsRefused begins a run that another store has begun.
func TestSecondProcessIsRefused(t *testing.T) {
	ctx := t.Context()
	run := testRun("m")
	first := begun(t, run, 5)
	second := openAt(t, first.path)
	must(t, first.Begin(ctx, run, 5)) // again, in the same process
	for what, err := range map[string]error{
		"begin": second.Begin(ctx, run, 5), "remove": second.Remove(ctx, run.ID()),
		"record": second.Record(ctx, run.ID(), testPassages("q", 1), nil),
	} {
		asked, ok := errors.AsType[*AskedError](err)
		if !ok || asked.Process != os.Getpid() || time.Since(asked.Since) > time.Hour || !strings.Contains(err.Error(), asked.Host) {
			t.Errorf("%s: %v, want an AskedError", what, err)
		}
	}
	info, err := second.Find(ctx, run.ID())
	must(t, err)
	if info.State != Asking || info.Asker == nil || info.Complete != 0 {
		t.Errorf("run %+v, want that it is being asked", info)
	}
	must(t, second.Begin(ctx, testRun("other"), 5))

	must(t, first.Record(ctx, run.ID(), testPassages("q", 2), nil))
	must(t, first.End(ctx, run.ID()))
	must(t, second.Begin(ctx, run, 5))
	if err := first.Begin(ctx, run, 5); !errors.As(err, new(*AskedError)) {
		t.Errorf("the first process: %v, want an AskedError", err)
	}
	must(t, second.Close()) // without End
	info, err = first.Find(ctx, run.ID())
	must(t, err)
	if info.State != Stopped || info.Asker != nil {
		t.Errorf("run %+v, want that it is stopped", info)
	}
	must(t, first.Remove(ctx, run.ID()))
}

// TestClaimOfKilledProcess checks that a killed process does not block its run.
func TestClaimOfKilledProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	recordAndKill(t, path, 1500, 10, 200)
	s := openAt(t, path)
	info, err := s.Find(t.Context(), testRun("m").ID())
	must(t, err)
	if info.State != Stopped || info.Complete < 10 {
		t.Errorf("a killed run: %s, %d passages, want %s", info.State, info.Complete, Stopped)
	}
	if contents(t, path, "SELECT count(*) FROM claims") != "1" {
		t.Error("the process left no claim")
	}
	must(t, s.Begin(t.Context(), testRun("m"), 1500))
	info, err = s.Find(t.Context(), testRun("m").ID())
	must(t, err)
	if info.State != Asking {
		t.Errorf("the resumed run: %s", info.State)
	}
}

// TestClaimOfAnotherHost checks that only the time of the last update counts for a
// process that cannot be seen, and that a process that was suspended does not go on.
func TestClaimOfAnotherHost(t *testing.T) {
	ctx := t.Context()
	run := testRun("m")
	s := begun(t, run, 5)
	move := func(beat time.Duration) {
		execRaw(t, s.path, fmt.Sprintf("UPDATE claims SET token = 'x', host = 'elsewhere', process = 1, beat = %d", time.Now().Add(-beat).UnixMilli()))
	}
	move(beatMissed / 2)
	other := openAt(t, s.path)
	if err := other.Begin(ctx, run, 5); !errors.As(err, new(*AskedError)) || !strings.Contains(err.Error(), "process 1 on elsewhere") {
		t.Errorf("a live claim: %v", err)
	}
	move(2 * beatMissed)
	must(t, other.Begin(ctx, run, 5))
	if err := s.Record(ctx, run.ID(), []ner.Passage{testPassage("q", 0, "a")}, nil); !errors.As(err, new(*AskedError)) {
		t.Errorf("the suspended process: %v, want an AskedError", err)
	}
	must(t, s.End(ctx, run.ID()))
	if info, err := other.Find(ctx, run.ID()); err != nil || info.State != Asking {
		t.Errorf("the end of the suspended process: %s, %v", info.State, err)
	}
}
