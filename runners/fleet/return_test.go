package fleet_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/fleet"
	"nerbench/runners/vllm/vllmtest"
)

// TestEachPassageIsAskedOnce: two workers have answered all passages, and none is stored
// when the coordinator ends. One of them comes back at once, the other a second later. The
// next coordinator gives nothing out before both have offered what they keep, so that the
// server is asked about each passage exactly once.
func TestEachPassageIsAskedOnce(t *testing.T) {
	for name, queue := range map[string]string{"embedded": "", "of the user": natsServer(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const passages = 40
			var mu sync.Mutex
			times := map[string]int{}
			both := make(chan bool) // closed when each worker has as many passages as it can
			_, own := fakeServer(t, func(f *vllmtest.Fake) {
				f.Intercept = func(_ http.ResponseWriter, _ string, q *vllmtest.Request) bool {
					if !strings.Contains(string(q.Prompt), "passage") {
						return false
					}
					mu.Lock()
					times[string(q.Prompt)]++
					if len(times) == 8 {
						close(both)
					}
					mu.Unlock()
					<-both
					return false
				}
			})
			store := filepath.Join(t.TempDir(), "results.db")
			config := func(c *fleet.Config) {
				c.Store, c.Times.Return = store, time.Hour
				if queue != "" {
					c.Listen, c.Queue = "", queue
				}
			}
			c, join := start(t, config)
			if queue != "" {
				join = queue
			}
			work(t, join, own, nil)
			work(t, join, own, func(w *fleet.Worker) { w.Times.Dial = 4 * time.Second })
			askAll := func(c *fleet.Coordinator) {
				m, err := c.Open(t.Context(), spec(own.Name))
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				var group sync.WaitGroup
				for i := range passages {
					group.Go(func() {
						if err := m.Slots.Acquire(t.Context()); err != nil {
							t.Error(err)
							return
						}
						defer m.Slots.Release(1, 0, nil)
						text := fmt.Sprint("passage ", i)
						ctx, _ := runners.WithStored(t.Context())
						if got, err := m.Runner.Complete(ctx, []ner.Query{query(text)}); err != nil || got[0].Text != echo(text) {
							t.Errorf("%s: got %v, %v", text, got, err)
						}
					})
				}
				group.Wait()
			}
			askAll(c)
			c.Close()
			c, _ = start(t, config)
			askAll(c)
			if len(times) != passages {
				t.Errorf("%d passages were asked, want %d", len(times), passages)
			}
			for text, n := range times {
				if n != 1 {
					t.Errorf("%s was asked %d times", text, n)
				}
			}
		})
	}
}

// TestWorkersThatDoNotComeBack: the next coordinator waits for them for some time, says who
// they are, and gives the passages to others.
func TestWorkersThatDoNotComeBack(t *testing.T) {
	_, own := fakeServer(t, func(*vllmtest.Fake) {})
	store := filepath.Join(t.TempDir(), "results.db")
	roster := store + fleet.FileSuffix + ".workers"
	if err := os.WriteFile(roster, []byte(`{"A": "node2/7", "B": "node1/7"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	notes := make(chan string, 100)
	c, join := start(t, func(c *fleet.Config) {
		c.Store, c.Times.Return = store, 300*time.Millisecond
		c.Note = func(text string) { notes <- text }
	})
	work(t, join, own, nil)
	m, err := c.Open(t.Context(), spec(own.Name))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Slots.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	for text := <-notes; !strings.HasPrefix(text, "workers not back after 300ms: node1/7, node2/7;"); text = <-notes {
		if len(notes) == 0 {
			t.Fatal("passages are given out, and nobody says who is missing")
		}
	}
	if _, err := m.Runner.Complete(t.Context(), []ner.Query{query("a")}); err != nil {
		t.Fatal(err)
	}
	m.Slots.Release(1, 0, nil)
	if text, err := os.ReadFile(roster); err != nil || !strings.Contains(string(text), fmt.Sprintf("/%d", os.Getpid())) || strings.Contains(string(text), "node1") {
		t.Errorf("the list of workers: %s, %v", text, err)
	}
	m.Close()
	c.Close()
	if _, err := os.Stat(roster); !os.IsNotExist(err) {
		t.Errorf("the list of workers is left at the end: %v", err)
	}
}
