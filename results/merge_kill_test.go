package results

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/ner"
)

// TestKilledMerges kills processes that merge stores, into a new store or into one that
// exists. What is left must be no store, the former one, or the whole new one, and the
// merge given again must do the rest.
func TestKilledMerges(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 4, Full: 50})
	var parts []string
	for part := range 3 {
		parts = append(parts, bulkyStore(t, part))
	}
	undisturbed := filepath.Join(t.TempDir(), "merged.db")
	start := time.Now()
	mergeInChild(t, undisturbed, parts...)
	took := time.Since(start)
	want := contentOf(t, undisturbed)
	for try := range c.Tries {
		into, before := filepath.Join(t.TempDir(), "merged.db"), ""
		if try%2 == 1 {
			into = copied(t, parts[0])
			before = contentOf(t, into)
		}
		for killed := false; !killed; {
			cmd := childCommand(t, into, append([]string{"merge"}, parts...)...)
			must(t, cmd.Start())
			time.Sleep(time.Duration(c.Random.Int64N(int64(took))))
			_ = cmd.Process.Kill() // it may be done
			_ = cmd.Wait()         // it was killed
			if killed = !cmd.ProcessState.Exited(); !killed {
				took -= took / 10
				removeStore(into)
				if before != "" {
					into = copied(t, parts[0])
				}
			}
		}
		c.Saw(1, "kills")
		_, err := os.Stat(into)
		switch {
		case errors.Is(err, fs.ErrNotExist) && before == "":
			c.Saw(1, "left no store")
		case err != nil:
			t.Errorf("error %v", err)
		case before != "" && contentOf(t, into) == before:
			c.Saw(1, "left the former store")
		case contentOf(t, into) == want:
			c.Saw(1, "left the merged store")
		default:
			t.Errorf("a part of a store is left:\n%s", contentOf(t, into))
		}
		mergeInChild(t, into, parts...)
		if got := contentOf(t, into); got != want {
			t.Errorf("merged again:\n%s\nwant\n%s", got, want)
		}
		for name := range folder(t, filepath.Dir(into)) {
			if strings.Contains(name, unfinished) {
				t.Errorf("file %s remains", name)
			}
		}
		for _, part := range parts {
			sound(t, part)
		}
		removeStore(into)
		if t.Failed() {
			return
		}
	}
}

// bulkyStore makes a store with one of three parts of the runs, and with many answers.
func bulkyStore(t *testing.T, part int) string {
	t.Helper()
	path := storeWith(t, func(_, i int) (bool, bool) { return i%3 == part, true })
	s := openAt(t, path)
	const n = 3000
	must(t, s.Begin(t.Context(), testRun("bulky"), n))
	var passages []ner.Passage
	for i := range n {
		if i%3 == part || i > n/2 {
			passages = append(passages, benchPassages(i, 1)...)
		}
	}
	must(t, s.Record(t.Context(), testRun("bulky").ID(), passages, nil))
	must(t, s.End(t.Context(), testRun("bulky").ID()))
	must(t, s.Close())
	return path
}

// mergeInChild merges stores in another process.
func mergeInChild(t *testing.T, into string, paths ...string) {
	t.Helper()
	if out, err := childCommand(t, into, append([]string{"merge"}, paths...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// childMerge merges stores.
func childMerge(into string, paths []string) error {
	_, err := Merge(context.Background(), paths, into)
	return err
}
