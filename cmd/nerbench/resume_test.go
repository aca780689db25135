package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/internal/filetest"
	"nerbench/results"
	"nerbench/runners/ollama/ollamatest"
)

// childVariable makes the test binary stand in for the program, so that a test
// can kill it.
const childVariable = "NERBENCH_TEST_PROGRAM"

// fleetLease is the lease of a passage of fleets in tests. A process that runs only after
// two thirds of it, since the machine is busy, loses its passages.
const fleetLease = 4 * time.Second

// workplace is a folder with a dataset of invented passages, and a fake server.
type workplace struct {
	t     testing.TB
	dir   string
	fake  *ollamatest.Fake
	lease time.Duration // of a fleet; 0: fleetLease
	env   []string      // further variables of processes

	mu    sync.Mutex
	times map[string]int // how often each prompt was asked
}

func newWorkplace(t testing.TB, passages int, delay time.Duration, set ...func(*ollamatest.Fake)) *workplace {
	t.Helper()
	w := &workplace{t: t, dir: t.TempDir(), times: map[string]int{}}
	script, err := os.ReadFile("testdata/script/run.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, dataset, _ := strings.Cut(string(script), "-- datasets/mini.toml --\n")
	dataset, _, _ = strings.Cut(dataset, "-- ")
	w.write("datasets/mini.toml", dataset)
	w.fill(passages)
	answer := func(prompt string) string {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.times[prompt]++
		_, text, _ := strings.Cut(prompt, "Text: ")
		word, _, _ := strings.Cut(text, " ")
		return fmt.Sprintf(" [%q]", word) // right for persons, wrong for places
	}
	w.fake = ollamatest.New(t, append(set, func(f *ollamatest.Fake) { f.Delay, f.Answer = delay, answer })...)
	return w
}

// fill makes the passages of the dataset.
func (w *workplace) fill(passages int) {
	var test strings.Builder
	for i := range passages {
		fmt.Fprintf(&test, "Person%d\tB-PER\nleft\tO\nTown%d\tB-LOC\n.\tO\n\n", i, i%7)
	}
	w.write("data/mini/test.tsv", test.String())
}

func (w *workplace) write(name, content string) {
	filetest.Write(w.t, w.dir, map[string]string{name: content})
}

// program is the program as a process of its own, without files of the person who runs the
// tests: its cache is beside the folder.
func (w *workplace) program(args ...string) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = w.dir
	own := filepath.Join(filepath.Dir(w.dir), "own")
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+own, "XDG_CONFIG_HOME="+own, childVariable+"=1", "NERBENCH_DATASETS=datasets", "NERBENCH_FLEET_LEASE="+cmp.Or(w.lease, fleetLease).String(), "NERBENCH_DATA=data")
	if w.fake != nil {
		cmd.Env = append(cmd.Env, "OLLAMA_HOST="+w.fake.URL)
	}
	cmd.Env = append(cmd.Env, w.env...)
	return cmd
}

// run runs the program to its end and returns its exit code and output.
func (w *workplace) run(args ...string) (code int, output string) {
	w.t.Helper()
	out, err := w.program(args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	if exit != nil {
		return exit.ExitCode(), string(out)
	}
	return 0, string(out)
}

// dump is all that a store knows but for times.
func (w *workplace) dump(store string) string {
	w.t.Helper()
	s, err := results.OpenReadOnly(w.t.Context(), filepath.Join(w.dir, store))
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	var b bytes.Buffer
	if err := s.Dump(w.t.Context(), &b); err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

// dumped is the dump of a store. Its state must be sound.
func (w *workplace) dumped(name string) (dump string, answers int) {
	w.t.Helper()
	s, err := results.Open(w.t.Context(), filepath.Join(w.dir, name), results.Existing)
	if errors.Is(err, fs.ErrNotExist) {
		return "empty", 0
	} else if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	defer s.Close()
	if h, err := s.Check(w.t.Context()); err != nil || !h.OK() {
		w.t.Fatalf("%s is damaged: %+v, %v", name, h, err)
	}
	var b bytes.Buffer
	if err := s.Dump(w.t.Context(), &b); err != nil {
		w.t.Fatal(err)
	}
	return b.String(), strings.Count(b.String(), "\ncompletions ")
}

// completed lists the documents whose passages a store has, none if there is no
// store yet.
func (w *workplace) completed(store string) []string {
	w.t.Helper()
	// Opening for writing, as the program does: a killed process leaves a log.
	s, err := results.Open(context.Background(), filepath.Join(w.dir, store), results.Create)
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	runs, err := s.Runs(w.t.Context(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []string
	for _, r := range runs {
		for p, err := range s.Passages(w.t.Context(), r.ID) {
			if err != nil {
				w.t.Fatal(err)
			}
			ids = append(ids, p.Document)
		}
	}
	return ids
}

// asked returns how often the prompts about a passage were asked.
func (w *workplace) asked(index int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for prompt, times := range w.times {
		if strings.Contains(prompt, fmt.Sprintf("Text: Person%d left", index)) {
			n += times
		}
	}
	return n
}

// killAt kills a process some time after it has asked so many questions; while it
// starts, if that is none.
func (w *workplace) killAt(cmd *exec.Cmd, questions int, later time.Duration) {
	w.t.Helper()
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it was killed, or was done before
		close(ended)
	}()
	for target := w.fake.Asked() + questions; w.fake.Asked() < target; {
		select {
		case <-ended:
			return
		case <-time.After(time.Millisecond):
		}
	}
	time.Sleep(later)
	_ = cmd.Process.Kill() // it may be done
	<-ended
}

// killAfterMore starts a process and kills it some time after more passages are in
// the store than before, or it has ended by itself. It returns the number of
// passages that are there then, which is never lower.
func (w *workplace) killAfterMore(cmd *exec.Cmd, store string, before int, later time.Duration) int {
	w.t.Helper()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it was killed, or was done before
		close(ended)
	}()
	w.awaitMore(store, before, ended)
	time.Sleep(later)
	_ = cmd.Process.Kill() // it may be done
	<-ended
	now := len(w.completed(store))
	if now < before || now == 0 {
		w.t.Fatalf("%d passages were complete, %d are after the next kill\n%s", before, now, output.String())
	}
	return now
}

// awaitMore waits until more passages are in the store than before, or a process has
// ended. Then the store is open in that process alone, so that a kill leaves its
// log as it is.
func (w *workplace) awaitMore(store string, before int, ended <-chan struct{}) {
	w.t.Helper()
	s, err := results.Open(w.t.Context(), filepath.Join(w.dir, store), results.Create)
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	for {
		runs, err := s.Runs(w.t.Context(), nil)
		if err != nil {
			w.t.Fatal(err)
		}
		now := 0
		for _, r := range runs {
			now += r.Complete
		}
		if now > before {
			return
		}
		select {
		case <-ended:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// forget starts the counting of prompts anew.
func (w *workplace) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.times)
}

var asking = []string{"run", "-m", "ollama/tiny", "-d", "mini", "-q", "--max-connections", "4", "--probe", "0", "--store"}

// TestKilledAtAnyMoment: a process that is killed thirty times, and given the
// same command again, asks the rest, nothing again that was committed, and ends
// with the store of an undisturbed run.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	c := campaign.Start(t, campaign.Size{Short: 30, Full: 300})
	passages := 400 * c.Tries / 30
	w := newWorkplace(t, passages, 4*time.Millisecond)
	if code, out := w.run(append(asking, "calm.db")...); code != 0 {
		t.Fatalf("undisturbed run: exit code %d\n%s", code, out)
	}
	w.forget()
	kept := map[int]int{} // passage: how often it was asked when it was complete
	for range c.Tries {
		cmd := w.program(append(asking, "killed.db")...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.killAt(cmd, c.Random.IntN(40), time.Duration(c.Random.IntN(10_000))*time.Microsecond)
		w.fake.Settle(t)
		for _, id := range w.completed("killed.db") {
			var index int
			fmt.Sscanf(id, "mini/test/%d", &index)
			if _, there := kept[index]; !there {
				kept[index] = w.asked(index)
			}
		}
	}
	if len(kept) == 0 {
		t.Fatal("nothing was kept of a process that was killed again and again")
	}
	if code, out := w.run(append(asking, "killed.db")...); code != 0 {
		t.Fatalf("continued run: exit code %d\n%s", code, out)
	}
	for index, times := range kept {
		if n := w.asked(index); n != times {
			t.Errorf("passage %d was complete and is asked again: %d questions, %d when it was complete", index, n, times)
		}
	}
	if calm, killed := w.dump("calm.db"), w.dump("killed.db"); calm != killed {
		t.Errorf("the stores differ:\n%s\nand\n%s", head(calm), head(killed))
	}
	c.Saw(len(kept), "passages were complete at a kill, and not asked again")
}

func head(s string) string { return s[:min(len(s), 2000)] }

// interrupted starts the program, sends it a signal when the server has answered 100
// queries and holds the others, and returns its standard error.
func (w *workplace) interrupted(sent syscall.Signal, args ...string) string {
	w.t.Helper()
	answers := w.hold(100)
	defer answers.release()
	cmd := w.program(args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	for w.fake.Asked() < 100 {
		time.Sleep(5 * time.Millisecond)
	}
	if err := cmd.Process.Signal(sent); err != nil {
		w.t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		w.t.Fatalf("ended with %v, want exit code 130\n%s", err, stderr.String())
	}
	return stderr.String()
}

// TestInterruptedSweep: after Ctrl-C, a hint names the command for the table so far.
func TestInterruptedSweep(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t, 400, 0)
	w.write("plan.toml", "title = \"Lines\"\ndatasets = [\"mini\"]\n[grid]\nvariant = [\"repo\", \"repo+nl\"]\n")
	stderr := w.interrupted(syscall.SIGINT, "sweep", "run", "plan.toml", "-m", "ollama/tiny", "-q")
	want := "nerbench: interrupted: all answers so far are stored\nnerbench: hint: nerbench sweep status plan.toml, with the same flags, prints the table so far; sweep run continues\n"
	if stderr != want {
		t.Errorf("said %q, want %q", stderr, want)
	}
	if code, out := w.run("sweep", "status", "plan.toml", "-m", "ollama/tiny", "--ci", "0"); code != 0 || !strings.Contains(out, "incomplete: ") {
		t.Errorf("sweep status: exit code %d\n%s", code, out)
	}
}

// TestInterrupted: Ctrl-C, or the end of the terminal, ends with exit code 130 and keeps what was answered.
func TestInterrupted(t *testing.T) {
	for _, sent := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP} {
		t.Run(sent.String(), func(t *testing.T) { testInterrupted(t, sent) })
	}
}

func testInterrupted(t *testing.T, sent syscall.Signal) {
	t.Parallel()
	caught := make(chan os.Signal, 1) // else the program ignores what nohup ignores in the test
	signal.Notify(caught, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(caught) })
	w := newWorkplace(t, 400, 0)
	stderr := w.interrupted(sent, append(asking, "results.db")...)
	if want := "nerbench: interrupted: all answers so far are stored\n"; stderr != want {
		t.Errorf("said %q, want %q", stderr, want)
	}
	if n := len(w.completed("results.db")); n < 40 {
		t.Errorf("%d passages are kept of 100 answers", n)
	}
	before := w.fake.Asked()
	if code, out := w.run(append(asking, "results.db")...); code != 0 || !strings.Contains(out, "400 of 400 passages") {
		t.Errorf("continued run: exit code %d\n%s", code, out)
	}
	// Two questions a passage; what was in flight when it was interrupted was
	// answered for nobody.
	if extra := w.fake.Asked() - 800; extra < 0 || extra > 8 || before >= 800 {
		t.Errorf("%d questions more than there are, after %d before the interrupt", extra, before)
	}
}

// TestSecondProcess starts a run twice. The second process sends no query and names the
// first. When the first was killed, the run is stopped, and can be continued.
func TestSecondProcess(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t, 100, 0)
	var answered atomic.Int64
	killed := make(chan struct{})
	release := sync.OnceFunc(func() { close(killed) })
	t.Cleanup(release)
	w.fake.Change(func(string) string { // the first process cannot end by itself
		if answered.Add(1) > 60 {
			<-killed
		}
		return "[]"
	})
	cmd := w.program(append(asking, "results.db")...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for w.fake.Asked() < 20 {
		time.Sleep(5 * time.Millisecond)
	}
	who := fmt.Sprintf("process %d on ", cmd.Process.Pid)
	if code, out := w.run(append(asking, "results.db")...); code != exitError || !strings.Contains(out, who) || !strings.Contains(out, "hint: wait until that process ends") {
		t.Errorf("the second process: exit code %d\n%s", code, out)
	}
	_, listed := w.run("runs", "list", "--json")
	var runs []struct{ ID, State string }
	if err := json.Unmarshal([]byte(listed), &runs); err != nil || len(runs) != 1 || runs[0].State != "asking" {
		t.Fatalf("runs %s, %v", listed, err)
	}
	if code, out := w.run("runs", "rm", runs[0].ID); code != exitError || !strings.Contains(out, who) {
		t.Errorf("runs rm: exit code %d\n%s", code, out)
	}
	if code, out := w.run("runs", "show", runs[0].ID); code != 0 || !strings.Contains(out, "asked by "+who) {
		t.Errorf("runs show: exit code %d\n%s", code, out)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	release()
	if _, out := w.run("runs", "list"); !strings.Contains(out, " stopped ") {
		t.Errorf("the killed run:\n%s", out)
	}
	if code, out := w.run(append(asking, "results.db")...); code != 0 || !strings.Contains(out, "100 of 100 passages") {
		t.Errorf("continued run: exit code %d\n%s", code, out)
	}
}
