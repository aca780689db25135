//go:build unix

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"nerbench/internal/campaign"
)

// TestKilledParts asks a run in eight parts, each with a store of its own, and kills each
// at random moments. Given again, the parts ask only what they lack. A store that was left
// with a log is refused by merge, and the merged store equals that of one process.
func TestKilledParts(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 1, Full: 20})
	const parts, passages, queries, atOnce = 8, 96, 2, 2
	w := newWorkplace(t, passages, 2*time.Millisecond)
	ask := []string{"run", "-m", "ollama/tiny", "-d", "mini", "-q", "--probe", "0", "--max-connections", fmt.Sprint(atOnce)}
	start := time.Now()
	w.must(append(ask, "--store", "calm.db", "--shard", "1/8")...)
	took := time.Since(start)
	w.must(append(ask, "--store", "calm.db")...)
	want, _ := w.dumped("calm.db")
	for range c.Tries {
		var stores []string
		before, inFlight, kills := w.fake.Asked(), 0, 0
		for part := range parts {
			store := fmt.Sprintf("part%d.db", part)
			stores = append(stores, store)
			args := append(ask, "--store", store, "--shard", fmt.Sprintf("%d/%d", part+1, parts))
			for n := c.Random.IntN(3); n > 0 || part == parts-1 && kills == 0; n-- { // one kill at least
				if !w.killSomewhere(c, w.program(args...), took) {
					continue
				}
				kills++
				inFlight += atOnce * queries
				c.Saw(1, "kills")
				if _, err := os.Stat(w.dir + "/" + store + "-wal"); err == nil {
					code, out := w.run("merge", store, "calm.db", "--into", "early.db")
					refused := []string{"in use by another process, or left with a log", "is sending its queries", "is empty"} // killed while it was created
					if code != exitError || !slices.ContainsFunc(refused, func(text string) bool { return strings.Contains(out, text) }) {
						t.Errorf("merge of a part with a log: exit code %d\n%s", code, out)
					}
					c.Saw(1, "left a log")
				}
			}
			if out := w.must(args...); !strings.Contains(out, fmt.Sprintf("part %d/8 done: 12 of 12; merge the parts", part+1)) {
				t.Errorf("part %d: %s", part+1, out)
			}
		}
		if n := w.fake.Asked() - before; n > passages*queries+inFlight {
			t.Errorf("%d queries were sent for %d, with %d in flight when processes were killed", n, passages*queries, inFlight)
		}
		w.must(append(append([]string{"merge"}, stores...), "--into", "merged.db")...)
		w.must("score", "--all", "-q", "--store", "merged.db")
		if got, _ := w.dumped("merged.db"); got != want {
			t.Errorf("merged:\n%s\nwant\n%s", got, want)
		}
		for _, store := range append(stores, "merged.db") {
			if err := os.Remove(w.dir + "/" + store); err != nil {
				t.Error(err)
			}
		}
		if t.Failed() {
			return
		}
	}
}
