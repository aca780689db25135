package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/results"
)

const (
	wideConnections = 64
	wideTypes       = 25
)

// wide adds a dataset of 25 types to a workplace, over the same passages, and returns
// the command that runs it.
func (w *workplace) wide() []string {
	w.t.Helper()
	mini, err := os.ReadFile(filepath.Join(w.dir, "datasets/mini.toml"))
	if err != nil {
		w.t.Fatal(err)
	}
	var labels strings.Builder
	for i := range wideTypes - 2 {
		fmt.Fprintf(&labels, "  { native = \"T%d\", type = \"kind %c\" },\n", i, 'a'+i)
	}
	text := strings.Replace(string(mini), `id = "mini"`, `id = "wide"`, 1)
	w.write("datasets/wide.toml", strings.Replace(text, "labels = [\n", "labels = [\n"+labels.String(), 1))
	return []string{"run", "-m", "ollama/tiny", "-d", "wide", "-q", "--max-connections", fmt.Sprint(wideConnections), "--probe", "0", "--store", "killed.db"}
}

// again is the number of queries that were sent again.
func (w *workplace) again() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, times := range w.times {
		n += times - 1
	}
	return n
}

// TestKilledWhileNoPassageIsComplete kills a process that has all answers of 64 passages
// but their last. The process waits for these, so nothing but its writer can store the
// others. No query that was answered is sent again.
func TestKilledWhileNoPassageIsComplete(t *testing.T) {
	t.Parallel()
	const answered = wideConnections * (wideTypes - 1)
	w := newWorkplace(t, wideConnections, 0)
	command := w.wide()
	var held, released atomic.Bool
	byPassage := map[string]int{} // guarded by the lock of the workplace
	answer := w.fake.Answer
	w.fake.Change(func(prompt string) string {
		text := answer(prompt)
		_, passage, _ := strings.Cut(prompt, "Text: ")
		passage, _, _ = strings.Cut(passage, " ")
		w.mu.Lock()
		byPassage[passage]++
		last := byPassage[passage] == wideTypes
		w.mu.Unlock()
		for last && !released.Load() {
			held.Store(true)
			time.Sleep(time.Millisecond)
		}
		return text
	})
	cmd := w.program(command...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for !held.Load() { // until the store is there
		time.Sleep(time.Millisecond)
	}
	awaitAnswers(t, filepath.Join(w.dir, "killed.db"), answered)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	released.Store(true)
	if code, out := w.run(command...); code != exitOK {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if n := w.again(); n != wideConnections {
		t.Errorf("%d queries were sent again, want the %d that were not answered", n, wideConnections)
	}
}

// awaitAnswers waits until a store has a number of answers. The test ends by its time-out
// if they never come.
func awaitAnswers(t *testing.T, path string, want int) {
	t.Helper()
	store, err := results.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for {
		health, err := store.Check(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if health.Answers >= want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestKilledAmongManyQueries kills a process with 64 connections in the middle of its
// work, several times. All answers are in the store soon, whether their passages are
// complete or not: the server waits for this some time before each kill. The process may
// lose the answers that came later.
func TestKilledAmongManyQueries(t *testing.T) {
	t.Parallel()
	c := campaign.Start(t, campaign.Size{Short: 4, Full: 40})
	const later = 256
	w := newWorkplace(t, c.Tries*wideConnections, time.Millisecond)
	command := w.wide()
	stored := 0
	for range c.Tries {
		first := 800 + c.Random.IntN(400)
		answers, asked := w.hold(first), w.fake.Asked()
		cmd := w.program(command...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for w.fake.Asked() < asked+first/2 { // until the store is there
			time.Sleep(time.Millisecond)
		}
		awaitAnswers(t, filepath.Join(w.dir, "killed.db"), stored+first)
		answers.allow(later)
		w.killAt(cmd, c.Random.IntN(later), 0)
		answers.release()
		w.fake.Settle(t)
		_, stored = w.dumped("killed.db")
		c.Try()
	}
	if code, out := w.run(command...); code != exitOK {
		t.Fatalf("exit code %d: %s", code, out)
	}
	c.Saw(w.again(), "answers came again")
	if n, most := w.again(), c.Tries*(later+wideConnections); n > most {
		t.Errorf("%d answers came again after %d kills, want at most %d", n, c.Tries, most)
	}
}
