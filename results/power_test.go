//go:build unix

package results

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"nerbench/internal/campaign"
	"nerbench/ner"
)

// TestPowerCuts records the writes and syncs of processes that use a store, and builds
// states of the disk after a power cut at a random moment: with any part of the writes
// since the last sync, whole or in sectors of 512 bytes. Each state must open without
// damage, have all that was reported before as stored, no other value, and go on.
func TestPowerCuts(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 60, Full: 3000})
	scenes := []scene{"use", "create", "upgrade"}
	const each = 20 // states of one recording
	for i := 0; i < c.Tries; i += each {
		scenes[i/each%len(scenes)].cut(t, c, min(each, c.Tries-i))
		if t.Failed() {
			return
		}
	}
}

// scene is what a process does with a store: "use", "create", "upgrade".
type scene string

// before makes the folder that the process finds.
func (s scene) before(t *testing.T) (folder string) {
	switch s {
	case "upgrade":
		path := formerStore(t)
		return filepath.Dir(path)
	case "use":
		s := begun(t, testRun("m"), powerPassages)
		must(t, s.End(t.Context(), testRun("m").ID()))
		must(t, s.Begin(t.Context(), testRun("gone"), 30))
		must(t, s.Record(t.Context(), testRun("gone").ID(), testPassages("gone", 30), nil))
		must(t, s.Close())
		return filepath.Dir(s.path)
	}
	return t.TempDir()
}

// cut plays the scene in a process that is recorded, and cuts the power in it.
func (s scene) cut(t *testing.T, c *campaign.Campaign, tries int) {
	t.Helper()
	folder := s.before(t)
	d := newDisk(t, folder)
	recording := filepath.Join(t.TempDir(), "recording")
	if out, err := childCommand(t, filepath.Join(folder, "results.db"), "power", recording, string(s)).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", s, err, out)
	}
	ops := readRecording(t, recording)
	moments := make([]int, tries)
	for i := range moments {
		moments[i] = c.Random.IntN(len(ops) + 1)
	}
	slices.Sort(moments)
	var told []string
	done := 0
	for _, moment := range moments {
		for ; done < moment; done++ {
			if op := ops[done]; op.Kind == report {
				told = append(told, op.Note)
			} else {
				d.apply(op)
			}
		}
		state := t.TempDir()
		what := d.cut(t, c.Random, state)
		before := folderText(t, state)
		s.check(t, c, filepath.Join(state, "results.db"), told)
		if t.Failed() {
			t.Fatalf("%s: power cut after operation %d of %d, which leaves %s:\n%s\nreported: %s", s, moment, len(ops), what, before, strings.Join(told, ", "))
		}
		must(t, os.RemoveAll(state))
	}
}

func folderText(t *testing.T, dir string) string {
	var b strings.Builder
	for name, what := range folder(t, dir) {
		fmt.Fprintf(&b, "%s: %s\n", name, what)
	}
	return b.String()
}

// childPower plays a scene and records it.
func childPower(path string, args []string) error {
	stop, err := startRecording(args[0])
	if err != nil {
		return err
	}
	play := useStore
	if args[1] == "upgrade" {
		play = upgradeStore
	}
	return errors.Join(play(path), stop())
}

// powerPassages is the number of passages of the run that is recorded.
const powerPassages = 120

// useStore works like a program that is started several times: it records passages,
// scores them, adds facts, removes a run. It reports what is stored.
func useStore(path string) error {
	ctx := context.Background()
	run, gone := testRun("m"), testRun("gone")
	small := defaults()
	small.pragmas = []string{"wal_autocheckpoint(25)"} // so that the log often moves into the file
	for first := 0; first < powerPassages; first += powerPassages / 3 {
		s, err := open(ctx, path, Create, small)
		if err != nil {
			return err
		}
		if err := s.Begin(ctx, run, powerPassages); err != nil {
			return err
		}
		reported("begun")
		if err := recordPart(ctx, s, run.ID(), first, first+powerPassages/3); err != nil {
			return err
		}
		if err := s.End(ctx, run.ID()); err != nil {
			return err
		}
		n := first + powerPassages/3
		if err := s.SaveScores(ctx, run.ID(), someScores(n)); err != nil {
			return err
		}
		reported("scored " + strconv.Itoa(n))
		if err := s.AddFacts(ctx, run.ID(), map[string]string{"device": fmt.Sprint("GPU ", n)}, nil); err != nil {
			return err
		}
		reported("fact " + strconv.Itoa(n))
		if err := s.Remove(ctx, gone.ID()); err == nil {
			reported("removed")
		} else if !errors.Is(err, ErrNoRun) {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
	return nil
}

// recordPart records passages in two ways at once: one by one, and through a writer.
func recordPart(ctx context.Context, s *Store, id string, from, to int) error {
	w := s.Writer(ctx, id)
	var failed error
	var both sync.WaitGroup
	both.Go(func() {
		for i := from; i < to && failed == nil; i += 2 {
			failed = s.Record(ctx, id, []ner.Passage{testPassage("q", i, threeTypes...)}, nil)
			reported("passage " + strconv.Itoa(i))
		}
	})
	var other error
	for i := from + 1; i < to && other == nil; i += 2 {
		other = w.Record(ctx, testPassage("q", i, threeTypes...), true)
	}
	other = errors.Join(other, w.Close())
	for i := from + 1; i < to && other == nil; i += 2 {
		reported("passage " + strconv.Itoa(i))
	}
	both.Wait()
	return errors.Join(failed, other)
}

// upgradeStore opens a store of an older schema.
func upgradeStore(path string) error {
	if err := childUpgrade(path); err != nil {
		return err
	}
	reported("upgraded")
	return nil
}

// check opens the store that is left.
func (s scene) check(t *testing.T, c *campaign.Campaign, path string, told []string) {
	t.Helper()
	ctx := t.Context()
	store, err := Open(ctx, path, Existing)
	if errors.Is(err, fs.ErrNotExist) && s == "create" && len(told) == 0 {
		c.Saw(1, "had no store yet")
		return
	}
	if err != nil {
		t.Errorf("it cannot be opened: %v", err)
		return
	}
	defer store.Close()
	if h, err := store.Check(ctx); err != nil || !h.OK() {
		t.Errorf("it is damaged: %+v, %v", h, err)
		return
	}
	if s == "upgrade" {
		c.Saw(1, "were upgraded")
		checkUpgraded(t, store)
		return
	}
	c.Saw(1, "were whole")
	kept := checkReported(t, store, told)
	c.Saw(kept, "reported passages were kept")
	goOn(t, path, store)
}

// checkUpgraded compares the content with that of a new store.
func checkUpgraded(t *testing.T, s *Store) {
	t.Helper()
	fresh := newStore(t)
	fillFormer(t, fresh, "dataset")
	if got, want := dumpOf(t, s), dumpOf(t, fresh); got != want {
		t.Errorf("after the upgrade:\n%s\nwant\n%s", got, want)
	}
	must(t, fresh.Close())
}

// checkReported checks that all that was reported is in the store. It returns the number
// of reported passages.
func checkReported(t *testing.T, s *Store, told []string) (kept int) {
	t.Helper()
	ctx := t.Context()
	id := testRun("m").ID()
	there := map[int]bool{}
	if _, err := s.Find(ctx, id); err == nil {
		for _, p := range collect(t, s, id) {
			there[p.Index] = true
			if want := testPassage("q", p.Index, threeTypes...); !reflect.DeepEqual(p, want) {
				t.Errorf("passage %d is %+v, want %+v", p.Index, p, want)
			}
		}
	} else if len(told) > 0 {
		t.Errorf("the run: %v", err)
	}
	scored, fact, removed := 0, "", false
	for _, note := range told {
		what, number, _ := strings.Cut(note, " ")
		n, _ := strconv.Atoi(number)
		switch what {
		case "passage":
			kept++
			if !there[n] {
				t.Errorf("passage %d was reported as stored, and is missing", n)
			}
		case "scored":
			scored = n
		case "fact":
			fact = fmt.Sprint("GPU ", n)
		case "removed":
			removed = true
		}
	}
	scores, err := s.Scores(ctx, id)
	if len(told) > 0 && err != nil {
		t.Errorf("scores: %v", err)
	}
	if n := scores.Passages; n < scored || n > 0 && !reflect.DeepEqual(scores, withoutPassages(someScores(n))) {
		t.Errorf("scores of %d passages were reported as stored, and there are %+v", scored, scores)
	}
	if info, err := s.Find(ctx, id); err == nil && !strings.Contains(info.Facts["device"], fact) {
		t.Errorf("the fact %q was reported as stored, and there is %q", fact, info.Facts["device"])
	}
	if _, err := s.Find(ctx, testRun("gone").ID()); removed && !errors.Is(err, ErrNoRun) {
		t.Errorf("the run was reported as removed, and is there: %v", err)
	}
	return kept
}

// goOn completes the run, which must then equal an undisturbed one.
func goOn(t *testing.T, path string, s *Store) {
	t.Helper()
	ctx := t.Context()
	run := testRun("m")
	must(t, s.Begin(ctx, run, powerPassages))
	must(t, s.Record(ctx, run.ID(), testPassages("q", powerPassages), nil))
	must(t, s.End(ctx, run.ID()))
	if got := collect(t, s, run.ID()); !reflect.DeepEqual(got, testPassages("q", powerPassages)) {
		t.Errorf("the completed run has %d passages, which differ", len(got))
	}
	must(t, s.Close())
	sound(t, path)
}
