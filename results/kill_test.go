package results

import (
	"bytes"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"nerbench/internal/campaign"
)

// TestKilledWriterLosesNothing kills a recording process at random moments, several
// times. Every passage that the process printed as committed must be in the store,
// no passage may be incomplete, and in the end the store must equal that of an
// uninterrupted run.
func TestKilledWriterLosesNothing(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 30, Full: 300})
	n, kills := 50*c.Tries, c.Tries
	path := filepath.Join(t.TempDir(), "results.db")
	committed := map[int]bool{}
	rest := n / 2 // of the printed ones
	for kill := range kills {
		// 0 is before the first commit of this process.
		after := c.Random.IntN(max(1, rest/(kills-kill+1)))
		for _, i := range recordAndKill(t, path, n, after, after+min(20, (rest-after)/4)) {
			committed[i] = true
		}
		rest = n/2 - len(committed)
		checkKilled(t, path, n, committed)
	}
	out, err := childCommand(t, path, "record", strconv.Itoa(n)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	again := bytes.Count(out, []byte("\n")) - 1 // but for "start"
	c.Saw(len(committed), "passages were reported as committed, and kept")
	if again > rest || again == 0 {
		t.Errorf("the last process recorded %d passages, but %d were not committed", again, rest)
	}

	s := openAt(t, path)
	run := testRun("m")
	undisturbed := begun(t, run, n)
	must(t, undisturbed.Record(t.Context(), run.ID(), testPassages("q", n), nil))
	must(t, undisturbed.End(t.Context(), run.ID()))
	if dumpOf(t, s) != dumpOf(t, undisturbed) {
		t.Error("the store differs from that of an uninterrupted run")
	}
	must(t, s.Close())
	sound(t, path)
}

// recordAndKill starts a process that records, and kills it after some printed
// commits. It returns the printed passages. However late the kill comes, the process
// does not print more than most commits, and does not end.
func recordAndKill(t *testing.T, path string, n, after, most int) []int {
	t.Helper()
	cmd := childCommand(t, path, "record", strconv.Itoa(n), strconv.Itoa(most))
	out, err := cmd.StdoutPipe()
	must(t, err)
	in, err := cmd.StdinPipe() // open until the process is killed
	must(t, err)
	defer in.Close()
	must(t, cmd.Start())
	var told []int
	for line := range readLines(out) {
		if line != "start" {
			i, err := strconv.Atoi(line)
			must(t, err)
			told = append(told, i)
		}
		if len(told) == after {
			cmd.Process.Kill() // repeated calls are harmless
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the process ended before it was killed")
	}
	return told
}

func checkKilled(t *testing.T, path string, n int, committed map[int]bool) {
	t.Helper()
	s := openAt(t, path)
	defer s.Close()
	done, err := s.Done(t.Context(), testRun("m").ID())
	must(t, err)
	for i := range committed {
		if !done[i] {
			t.Errorf("passage %d was committed, but is missing", i)
		}
	}
	for _, p := range collect(t, s, testRun("m").ID()) {
		if !done[p.Index] {
			t.Errorf("passage %d exists, but is not complete", p.Index)
		}
		done[p.Index] = false
		want := testPassage("q", p.Index, threeTypes...)
		for i, a := range p.Answers {
			if a.Key != want.Answers[i].Key || a.Completion != want.Answers[i].Completion {
				t.Errorf("passage %d: answer %d is %+v", p.Index, i, a)
			}
		}
	}
	for i, left := range done {
		if left {
			t.Errorf("passage %d is complete, but was not read", i)
		}
	}
	must(t, s.Close())
	sound(t, path)
}

// TestTwoProcessesRecordOneRun checks that a run that is started twice at the same
// time is recorded once.
func TestTwoProcessesRecordOneRun(t *testing.T) {
	const n = 300
	path := filepath.Join(t.TempDir(), "results.db")
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			cmd := childCommand(t, path, "record", strconv.Itoa(n))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	both.Wait()
	run := testRun("m")
	undisturbed := begun(t, run, n)
	must(t, undisturbed.Record(t.Context(), run.ID(), testPassages("q", n), nil))
	must(t, undisturbed.End(t.Context(), run.ID()))
	s := openAt(t, path)
	if dumpOf(t, s) != dumpOf(t, undisturbed) {
		t.Error("the store differs from that of one process")
	}
	must(t, s.Close())
	sound(t, path)
}
