//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"nerbench/internal/campaign"
)

// TestProcessesAtOnce starts many processes on one store: several for each of three runs,
// and others that score, read, copy, check and remove meanwhile. No query may be sent
// twice, each process must do its work or say who sends the queries, and the store must
// equal that of one process after the other.
func TestProcessesAtOnce(t *testing.T) {
	t.Parallel()
	c := campaign.Start(t, campaign.Size{Short: 1, Full: 20})
	w := newWorkplace(t, 60, time.Millisecond)
	w.answered()
	gone := w.withRuns([]string{"OTHER"})[0]
	calm := w.copied()
	var runs [][]string
	for _, variant := range []string{"card", "card+nl", "paragraph"} {
		args := []string{"run", "-m", "ollama/tiny", "-d", "mini", "-q", "--probe", "0", "--variant", variant}
		runs = append(runs, args)
		calm.must(args...)
	}
	calm.must("runs", "rm", gone)
	want, _ := calm.dumped("results.db")
	for range c.Tries {
		w.forget()
		at := w.copied()
		at.atOnce(c, runs, gone)
		for _, args := range runs { // complete what a refused process left, and score it
			at.must(args...)
		}
		w.mu.Lock()
		for prompt, times := range w.times {
			if times > 1 {
				t.Errorf("sent %d times: %q", times, prompt)
			}
		}
		w.mu.Unlock()
		if got, _ := at.dumped("results.db"); got != want {
			t.Errorf("the store differs from that of one process after the other:\n%s\nand\n%s", head(got), head(want))
		}
		if t.Failed() {
			return
		}
	}
}

// atOnce starts the processes, each after a random time, and waits for them.
func (w *workplace) atOnce(c *campaign.Campaign, runs [][]string, gone string) {
	w.t.Helper()
	type process struct {
		*exec.Cmd
		output bytes.Buffer
		after  time.Duration
	}
	var all []*process
	start := func(args ...string) {
		p := &process{Cmd: w.program(args...), after: time.Duration(c.Random.IntN(100)) * time.Millisecond}
		p.Stdout, p.Stderr = &p.output, &p.output
		all = append(all, p)
	}
	for range 3 {
		for _, args := range runs {
			start(args...)
		}
	}
	for i := range 2 {
		start("score", "--all", "-q")
		start("doctor", "--only", "store")
		start("runs", "list")
		start("table", "-q")
		start("runs", "export", "--what", "store", "--out", fmt.Sprintf("copy%d.db", i))
	}
	start("runs", "rm", gone)
	var done sync.WaitGroup
	for _, p := range all {
		done.Go(func() {
			time.Sleep(p.after)
			_ = p.Run() // the exit code counts
		})
	}
	done.Wait()
	refused := 0
	for _, p := range all {
		switch out := p.output.String(); {
		case p.ProcessState.ExitCode() == 0:
		case p.Args[1] == "run" && strings.Contains(out, " is sending its queries since "):
			refused++
		case p.Args[1] == "score" && p.ProcessState.ExitCode() == exitPartial: // a run is not complete yet
		default:
			w.t.Errorf("%s: exit code %d\n%s", strings.Join(p.Args[1:], " "), p.ProcessState.ExitCode(), out)
		}
	}
	for i := range 2 {
		w.dumped(fmt.Sprintf("copy%d.db", i)) // it is whole
	}
	c.Saw(len(all), "processes")
	c.Saw(refused, "were refused because another one sends the queries of the run")
}
