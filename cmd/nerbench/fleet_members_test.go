//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	// fleetSlots is the number of passages at once of a worker in these tests, and
	// fleetQueries that of the queries of a passage.
	fleetSlots, fleetQueries = 2, 2
	// noLease is a lease that ends after the test: nothing is asked again because a process
	// gets no processor for some seconds, and a passage that only the lease gives back fails
	// the test.
	noLease = 2 * fleetPatience
	// fleetPatience ends a test of a fleet that does not end: many times what it needs. A
	// worker alone tries a dead server for half a minute before it gives a passage away.
	fleetPatience = 5 * time.Minute
)

// machines are a coordinator with workers, each a process of its own. All ask the server of
// the workplace.
type machines struct {
	*workplace
	want        string // the dump of an undisturbed store
	passages    int
	coordinator *member
	workers     []*member
	// store is that of the coordinator; join is the file by which the workers find it.
	store, join string
	inFlight    int // queries that may have been in flight when something was disturbed
}

// newMachines makes a folder with passages and the store of an undisturbed process.
func newMachines(t *testing.T, passages int, delay time.Duration) *machines {
	t.Helper()
	f := &machines{workplace: newWorkplace(t, passages, delay), passages: passages, store: "results.db", join: "results.db.fleet"}
	f.must(f.ask("--store", "calm.db", "--max-connections", "16")...)
	f.want, _ = f.dumped("calm.db")
	f.forget()
	t.Cleanup(f.end)
	return f
}

// ask is the command that asks, with more flags.
func (f *machines) ask(more ...string) []string {
	return append([]string{"run", "-m", "ollama/tiny", "-d", "mini", "-q", "--probe", "0"}, more...)
}

// coordinate starts the coordinator, on a port that is free.
func (f *machines) coordinate(more ...string) {
	f.t.Helper()
	f.coordinator = f.start(f.ask(append([]string{"--store", f.store, "--listen", "127.0.0.1:0"}, more...)...)...)
}

// work starts workers.
func (f *machines) work(n int, more ...string) {
	f.t.Helper()
	for range n {
		f.workers = append(f.workers, f.worker(more...))
	}
}

func (f *machines) worker(more ...string) *member { return f.workerOf(f.join, more...) }

// workerOf starts a worker that joins by a file.
func (f *machines) workerOf(join string, more ...string) *member {
	f.t.Helper()
	return f.start(append([]string{"worker", "--join", join, "-m", "ollama/tiny", "--max-connections", fmt.Sprint(fleetSlots)}, more...)...)
}

// disturbed notes that so many workers may have had passages in flight.
func (f *machines) disturbed(workers int) { f.inFlight += workers * fleetSlots * fleetQueries }

// killCoordinator kills the coordinator. Passages in flight may be asked again. Those that
// were answered are not, stored or not: their workers keep the answers for the next one.
func (f *machines) killCoordinator() {
	f.t.Helper()
	f.coordinator.kill()
	f.disturbed(len(f.workers))
}

// finish waits for the coordinator, and demands the store of an undisturbed process, and
// that no query was asked again without need.
func (f *machines) finish() {
	f.t.Helper()
	if code := f.coordinator.wait(); code != exitOK {
		f.t.Fatalf("coordinator: exit code %d\n%s", code, f.coordinator.output)
	}
	if n, most := f.sent(), f.passages*fleetQueries+f.inFlight; n > most {
		f.t.Errorf("%d queries were sent for %d, with %d in flight when processes were disturbed", n, f.passages*fleetQueries, f.inFlight)
	}
	f.same()
}

// sent is the number of queries that servers have answered since the fleet was started.
func (f *machines) sent() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for prompt, times := range f.times {
		if strings.Contains(prompt, "Text: ") { // not the one that loads the model
			n += times
		}
	}
	return n
}

// same demands the store of an undisturbed process.
func (f *machines) same() {
	f.t.Helper()
	if got, _ := f.dumped(f.store); got != f.want {
		f.t.Errorf("the store of the fleet:\n%s\nwant\n%s", head(got), head(f.want))
	}
}

// end kills all processes, and prints what they said if the test has failed.
func (f *machines) end() {
	for _, m := range append(f.workers, f.coordinator) {
		if m != nil {
			m.kill()
		}
	}
	if !f.t.Failed() {
		return
	}
	for _, m := range append(f.workers, f.coordinator) {
		if m != nil {
			f.t.Logf("%s:\n%s", strings.Join(m.Args[1:], " "), m.output)
		}
	}
}

// again starts the fleet anew, with an empty store.
func (f *machines) again() {
	f.t.Helper()
	f.end()
	f.workers, f.coordinator, f.inFlight = nil, nil, 0
	f.forget()
	left, err := filepath.Glob(filepath.Join(f.dir, f.store+"*"))
	if err != nil {
		f.t.Fatal(err)
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil {
			f.t.Fatal(err)
		}
	}
}

// answered waits until the server has answered so many queries of the fleet, or the
// coordinator has ended. It reports whether the coordinator is still at work.
func (f *machines) answered(queries int) bool {
	f.t.Helper()
	for deadline := time.Now().Add(fleetPatience); f.sent() < queries; time.Sleep(2 * time.Millisecond) {
		if f.coordinator.over() {
			return false
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("%d of %d queries were asked", f.sent(), queries)
		}
	}
	return !f.coordinator.over()
}

// reach waits until the server has answered so many queries. The coordinator must still be
// at work then: see hold.
func (f *machines) reach(queries int) {
	f.t.Helper()
	if !f.answered(queries) {
		f.t.Fatalf("the coordinator has ended after %d queries\n%s", f.sent(), f.coordinator.output)
	}
}

// member is a process of a fleet.
type member struct {
	*exec.Cmd
	output *sharedBuffer
	ended  chan struct{}
}

// start starts the program.
func (w *workplace) start(args ...string) *member {
	w.t.Helper()
	return w.launch(w.program(args...))
}

// launch starts a process of a fleet.
func (w *workplace) launch(cmd *exec.Cmd) *member {
	w.t.Helper()
	m := w.begin(cmd)
	m.await()
	return m
}

// begin starts a process. Nobody waits for its end yet.
func (w *workplace) begin(cmd *exec.Cmd) *member {
	w.t.Helper()
	m := &member{Cmd: cmd, output: &sharedBuffer{}, ended: make(chan struct{})}
	m.Stdout, m.Stderr = m.output, m.output
	if err := m.Start(); err != nil {
		w.t.Fatal(err)
	}
	return m
}

// await waits for the end of the process in the background.
func (m *member) await() {
	go func() {
		_ = m.Wait() // the exit code counts
		close(m.ended)
	}()
}

// kill kills the process, if it has not ended.
func (m *member) kill() {
	_ = m.Process.Kill() // it may be done
	<-m.ended
}

// wait waits for the end of the process, and returns its exit code; -1 if it was killed,
// -2 if it does not end.
func (m *member) wait() int {
	select {
	case <-m.ended:
		return m.ProcessState.ExitCode()
	case <-time.After(fleetPatience):
		return -2
	}
}

// says waits until a process has printed a text, and reports whether the coordinator is
// still at work.
func (f *machines) says(m *member, text string) bool {
	f.t.Helper()
	for deadline := time.Now().Add(fleetPatience); !strings.Contains(m.output.String(), text); time.Sleep(2 * time.Millisecond) {
		if f.coordinator.over() {
			return false
		}
		if m.over() || time.Now().After(deadline) {
			f.t.Fatalf("%s: want %q\n%s", strings.Join(m.Args[1:], " "), text, m.output)
		}
	}
	return !f.coordinator.over()
}

// over reports whether the process has ended.
func (m *member) over() bool {
	select {
	case <-m.ended:
		return true
	default:
		return false
	}
}

// sharedBuffer keeps what a process prints while others read it.
type sharedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *sharedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *sharedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// TestStoppedWhileWaiting stops workers that have no coordinator: they end at once, with
// the exit code of the signal.
func TestStoppedWhileWaiting(t *testing.T) {
	t.Parallel()
	w := &workplace{t: t, dir: t.TempDir()}
	for _, tc := range []struct {
		join, note string
		signal     syscall.Signal
		code       int
	}{
		{"nats://secret@127.0.0.1:1", "nats://127.0.0.1:1 cannot be reached", syscall.SIGINT, exitInterrupted},
		{"nats://127.0.0.1:1", "nats://127.0.0.1:1 cannot be reached", syscall.SIGTERM, exitTerminated},
		{"nosuch.fleet", "waiting for a coordinator", syscall.SIGINT, exitInterrupted},
		{"nosuch.fleet", "waiting for a coordinator", syscall.SIGTERM, exitTerminated},
	} {
		m := w.start("worker", "--join", tc.join, "-m", "tagger")
		for deadline := time.Now().Add(fleetPatience); !strings.Contains(m.output.String(), tc.note); time.Sleep(5 * time.Millisecond) {
			if m.over() || time.Now().After(deadline) {
				m.kill()
				t.Fatalf("%s: want %q\n%s", tc.join, tc.note, m.output)
			}
		}
		if err := m.Process.Signal(tc.signal); err != nil {
			t.Error(err)
		}
		if code := m.wait(); code != tc.code {
			t.Errorf("%s: %s: exit code %d\n%s", tc.join, tc.signal, code, m.output)
		}
		m.kill()
		if out := m.output.String(); strings.Contains(out, "canceled") || strings.Contains(out, "secret") {
			t.Errorf("%s: %s:\n%s", tc.join, tc.signal, out)
		}
	}
}
