//go:build unix

package main

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/runners/ollama/ollamatest"
)

// TestKilledFleet runs eight workers, kills them and the coordinator at random moments, and
// starts others in their place; a new coordinator has another port. The store must equal
// that of one process, and a bundle of it must be accepted. Each worker has a server of its
// own, which notes what it is asked: a passage may be asked again once for each kill at
// which it was in flight, and no other passage.
func TestKilledFleet(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 6, Full: 120})
	const workers = 8
	f := newMachines(t, 120+30*c.Tries, 20*time.Millisecond)
	f.env = []string{"NERBENCH_FLEET_LEASE=10s"} // no worker is silent for so long on a busy machine
	l := &ledger{f: f, asked: map[string][]*attempt{}, extra: map[string]int{}}
	coordinate := func() {
		f.coordinator = f.start("run", "-m", "ollama/tiny", "-d", "mini", "--probe", "0", "--store", f.store, "--listen", "127.0.0.1:0")
	}
	coordinate()
	for range workers {
		f.workers = append(f.workers, l.worker())
	}
	at, kills := 0, 0
	for _, kill := range c.Random.Perm(c.Tries) {
		at += 20 + c.Random.IntN(40)
		f.reach(at)
		if kill < (c.Tries+5)/6 {
			l.killCoordinator(coordinate)
			c.Saw(1, "kills of the coordinator")
		} else {
			i := c.Random.IntN(workers)
			l.killWorker(f.workers[i])
			f.workers[i] = l.worker()
			c.Saw(1, "kills of workers")
		}
		kills++
		c.Try()
	}
	if code := f.coordinator.wait(); code != exitOK {
		t.Fatalf("coordinator: exit code %d\n%s", code, f.coordinator.output)
	}
	l.close(c)
	f.same()
	f.bundled()
	if kills != c.Tries {
		t.Errorf("%d kills, want %d", kills, c.Tries)
	}
}

// bundled makes a bundle of the store, which must be accepted.
func (f *machines) bundled() {
	f.t.Helper()
	f.must("bundle", "create", "--store", f.store, "--where", "dataset=mini", "--unsigned", "--out", "fleet.nbz")
	if out := f.must("bundle", "verify", "fleet.nbz"); !strings.Contains(out, "verified") {
		f.t.Errorf("bundle verify: %s", out)
	}
}

// ledger notes which worker was asked about which passage, and which passages were in
// flight at a kill.
type ledger struct {
	f *machines

	mu    sync.Mutex
	asked map[string][]*attempt // by passage
	extra map[string]int        // by passage: how often it may be asked again
	kept  []keeping             // at kills of coordinators
}

// attempt is a passage of a worker.
type attempt struct {
	worker   int // its process
	answered int // queries
	dead     bool
}

// keeping is what the workers kept when a coordinator was killed: passages by worker. next
// is the coordinator that takes them.
type keeping struct {
	next     *member
	passages map[int][]string
	answered int // of them
}

// about finds the passage that a prompt is about.
var about = regexp.MustCompile(`Text: Person([0-9]+) left`)

// worker starts a worker with a server of its own.
func (l *ledger) worker() *member {
	l.f.t.Helper()
	var m *member
	started := make(chan struct{})
	server := ollamatest.New(l.f.t, func(s *ollamatest.Fake) {
		s.Delay = l.f.fake.Delay
		s.Intercept = func(_ http.ResponseWriter, q *ollamatest.Request) bool {
			if found := about.FindStringSubmatch(q.Text()); found != nil {
				<-started
				l.begin(found[1], m.Process.Pid)
			}
			return false
		}
		s.Answer = func(prompt string) string {
			if found := about.FindStringSubmatch(prompt); found != nil {
				l.answered(found[1], m.Process.Pid)
			}
			return l.f.fake.Answer(prompt)
		}
	})
	cmd := l.f.program("worker", "--join", l.f.join, "-m", "ollama/tiny", "--max-connections", fmt.Sprint(fleetSlots))
	cmd.Env = append(cmd.Env, "OLLAMA_HOST="+server.URL)
	m = l.f.launch(cmd)
	close(started)
	return m
}

// begin notes that a worker asks about a passage, unless it is in the middle of it.
func (l *ledger) begin(passage string, worker int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open(passage, worker) == nil {
		l.asked[passage] = append(l.asked[passage], &attempt{worker: worker})
	}
}

// open is the attempt of a worker that is not finished; nil: there is none. It is called
// with the lock held.
func (l *ledger) open(passage string, worker int) *attempt {
	for _, a := range l.asked[passage] {
		if a.worker == worker && a.answered < fleetQueries {
			return a
		}
	}
	return nil
}

func (l *ledger) answered(passage string, worker int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := l.open(passage, worker); a != nil {
		a.answered++
	}
}

// stored are the passages that are in the store.
func (l *ledger) stored() map[string]bool {
	l.f.t.Helper()
	all := map[string]bool{}
	for _, id := range l.f.completed(l.f.store) {
		all[id[strings.LastIndex(id, "/")+1:]] = true
	}
	return all
}

// killWorker kills a worker. What it has begun, and the coordinator has not stored, was in
// flight.
func (l *ledger) killWorker(m *member) {
	l.f.t.Helper()
	m.kill()
	stored := l.stored()
	l.mu.Lock()
	defer l.mu.Unlock()
	for passage, attempts := range l.asked {
		for _, a := range attempts {
			if a.worker == m.Process.Pid {
				a.dead = true
				if !stored[passage] {
					l.extra[passage]++
				}
			}
		}
	}
}

// killCoordinator kills the coordinator and starts another one. What the workers have begun
// and not answered was in flight. What they have answered was not: they keep it.
func (l *ledger) killCoordinator(coordinate func()) {
	l.f.t.Helper()
	l.f.coordinator.kill()
	l.mu.Lock()
	before := map[string]int{}
	inFlight := map[string]bool{}
	for passage, attempts := range l.asked {
		before[passage] = len(attempts)
		for _, a := range attempts {
			if !a.dead && a.answered < fleetQueries {
				inFlight[passage] = true
			}
		}
	}
	l.mu.Unlock()
	stored := l.stored()
	l.mu.Lock()
	k := keeping{passages: map[int][]string{}}
	for passage, attempts := range l.asked {
		if len(attempts) > before[passage] { // its worker had it, and had not begun
			inFlight[passage] = true
		}
		if inFlight[passage] {
			l.extra[passage]++
		}
		for _, a := range attempts {
			if !stored[passage] && !a.dead {
				k.passages[a.worker] = append(k.passages[a.worker], passage)
				if a.answered == fleetQueries {
					k.answered++
				}
			}
		}
	}
	l.mu.Unlock()
	coordinate()
	k.next = l.f.coordinator
	l.kept = append(l.kept, k)
}

// close demands that each passage was asked, and none more often than it may be.
func (l *ledger) close(c *campaign.Campaign) {
	l.f.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	answered := 0
	for _, k := range l.kept {
		late := regexp.MustCompile(`not back after [^:]*: ([^;]*);`).FindStringSubmatch(k.next.output.String())
		answered += k.answered
		for worker, passages := range k.passages {
			if late != nil && slices.ContainsFunc(strings.Split(late[1], ", "), func(name string) bool { return strings.HasSuffix(name, fmt.Sprintf("/%d", worker)) }) {
				c.Saw(1, "workers came back too late") // a very busy machine
				for _, passage := range passages {
					l.extra[passage]++
				}
			}
		}
	}
	again, most := 0, 0
	for passage, attempts := range l.asked {
		n := len(attempts) - 1
		if again += n; n > l.extra[passage] {
			l.f.t.Errorf("passage %s was asked %d times again, and was in flight at %d kills", passage, n, l.extra[passage])
		}
	}
	for n := range maps.Values(l.extra) {
		most += n
	}
	if len(l.asked) != l.f.passages {
		l.f.t.Errorf("%d of %d passages were asked", len(l.asked), l.f.passages)
	}
	c.Saw(answered, "passages were answered and not stored when a coordinator was killed")
	c.Saw(most, "passages were in flight at kills")
	c.Saw(again, "were asked again")
}
