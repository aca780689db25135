//go:build unix

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/runners/ollama/ollamatest"
)

// fleetFault is something that goes wrong while a fleet works.
type fleetFault struct {
	name string
	full int // tries in the full form
	do   func(c *campaign.Campaign, f *machines)
}

var fleetFaults = []fleetFault{
	{"frozen worker", 10, frozenWorker},
	{"frozen coordinator", 10, frozenCoordinator},
	{"all frozen", 10, allFrozen},
	{"silent network", 10, silentNetwork},
	{"cut connections", 10, cutConnections},
	{"slow network", 10, slowNetwork},
	{"connections in another order", 10, otherOrder},
	{"wrong join files", 10, wrongJoinFiles},
	{"two coordinators", 10, twoCoordinators},
	{"server dies", 10, deadServer},
	{"other model", 10, otherModel},
	{"other build", 10, anotherBuild},
	{"passage that kills", 5, killingPassage},
	{"full disk", 10, fullCoordinator},
	{"stopped workers", 10, stoppedWorkers},
}

// TestFleetFaults breaks a fleet of processes in many ways. Each time the store must equal
// that of an undisturbed process in the end, and no query may be asked again that was not
// in flight.
func TestFleetFaults(t *testing.T) {
	for _, fault := range fleetFaults {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			c := campaign.Start(t, campaign.Size{Short: 1, Full: fault.full})
			f := newMachines(t, 40, 20*time.Millisecond)
			for range c.Tries {
				fault.do(c, f)
				if t.Failed() {
					return
				}
				f.again()
			}
		})
	}
}

func frozenWorker(c *campaign.Campaign, f *machines) {
	frozen(c, f, 1, func() []*member { return []*member{f.workers[c.Random.IntN(len(f.workers))]} })
}

func frozenCoordinator(c *campaign.Campaign, f *machines) {
	frozen(c, f, 3, func() []*member { return []*member{f.coordinator} })
}

// allFrozen stops the coordinator and all workers, as when the machines are suspended.
func allFrozen(c *campaign.Campaign, f *machines) {
	frozen(c, f, 3, func() []*member { return append(f.workers, f.coordinator) })
}

// frozen stops processes at work for longer than the lease, which disturbs so many workers.
func frozen(c *campaign.Campaign, f *machines, disturbed int, chosen func() []*member) {
	at := 8 + c.Random.IntN(40)
	answers := f.hold(at)
	f.coordinate()
	f.work(3)
	f.reach(at)
	f.disturbed(disturbed)
	frozen := chosen()
	for _, m := range frozen {
		if err := m.Process.Signal(syscall.SIGSTOP); err != nil {
			f.t.Error(err)
		}
	}
	answers.release()
	time.Sleep(3 * fleetLease)
	for _, i := range c.Random.Perm(len(frozen)) {
		if err := frozen[i].Process.Signal(syscall.SIGCONT); err != nil {
			f.t.Error(err)
		}
	}
	c.Saw(len(frozen), "processes were frozen at work")
	f.finish()
}

// address finds the address in a join file.
var address = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)

// joined waits for the join file of the coordinator, and returns its text.
func (f *machines) joined() string {
	f.t.Helper()
	for deadline := time.Now().Add(fleetPatience); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(filepath.Join(f.dir, f.store+".fleet"))
		if err == nil && address.Match(text) {
			return string(text)
		}
		if f.coordinator.over() || time.Now().After(deadline) {
			f.t.Fatalf("no join file: %v\n%s", err, f.coordinator.output)
		}
	}
}

// through starts the fleet with a proxy between the coordinator and its workers.
func (f *machines) through(workers int) *proxy {
	f.t.Helper()
	f.coordinate()
	text := f.joined()
	p := newProxy(f.t, func() string { return address.FindString(text) })
	f.write("proxy.fleet", address.ReplaceAllString(text, p.address()))
	for range workers {
		f.workers = append(f.workers, f.workerOf("proxy.fleet"))
	}
	return p
}

func silentNetwork(c *campaign.Campaign, f *machines) {
	at := 8 + c.Random.IntN(40)
	answers := f.hold(at)
	p := f.through(3)
	f.reach(at)
	f.disturbed(3)
	p.set(network{silent: true})
	answers.release()
	time.Sleep(10 * time.Second)
	p.set(network{})
	if held, _, _ := p.happened(); held == 0 {
		f.t.Error("nothing was held by the silence")
	}
	if c.Random.IntN(2) == 0 {
		c.Saw(f.cut(p), "connections were lost after the silence")
	} else {
		c.Saw(1, "silences ended")
	}
	f.finish()
}

// cut cuts all connections, of which there must be some, and returns their number.
func (f *machines) cut(p *proxy) int {
	f.t.Helper()
	for deadline := time.Now().Add(fleetPatience); ; time.Sleep(2 * time.Millisecond) {
		if n := p.cut(); n > 0 {
			return n
		}
		if time.Now().After(deadline) {
			f.t.Fatal("there are no connections to cut")
		}
	}
}

func cutConnections(c *campaign.Campaign, f *machines) {
	cutAgain(c, f, f.hold(0), f.through(3), "connections were cut", func() int { return 10 + c.Random.IntN(20) })
}

// cutAgain cuts all connections each time that some more queries were answered: the server
// holds all other answers meanwhile.
func cutAgain(c *campaign.Campaign, f *machines, answers *gate, p *proxy, what string, more func() int) {
	for at := 0; at < f.passages*fleetQueries*3/4; {
		next := more()
		at += next
		answers.allow(next)
		f.reach(at)
		c.Saw(f.cut(p), what)
		f.disturbed(len(f.workers))
	}
	answers.release()
	f.finish()
}

func slowNetwork(c *campaign.Campaign, f *machines) {
	f.lease = noLease
	p := f.through(3)
	delay := 1 + c.Random.IntN(30)
	p.set(network{delay: time.Duration(delay) * time.Millisecond})
	f.finish()
	_, slowed, _ := p.happened()
	if slowed == 0 {
		f.t.Error("the network was not slow")
	}
	c.Saw(slowed, "kilobytes were slow")
}

func otherOrder(c *campaign.Campaign, f *machines) {
	answers := f.hold(0)
	p := f.through(4)
	p.set(network{reverse: true})
	cutAgain(c, f, answers, p, "connections were cut", func() int { return 30 })
	_, _, reversed := p.happened()
	if reversed == 0 {
		f.t.Error("no connections were made again in another order")
	}
	c.Saw(reversed, "connections were made again in another order")
}

// wrongJoinFiles gives workers files that lead nowhere. They wait, and work when the file
// of the coordinator is there.
func wrongJoinFiles(c *campaign.Campaign, f *machines) {
	f.lease = noLease
	f.coordinate()
	stale := f.joined()
	f.coordinator.kill()
	f.coordinate()
	text := f.joined()
	for text == stale {
		time.Sleep(5 * time.Millisecond)
		text = f.joined()
	}
	token := regexp.MustCompile(`(?i)("?token"?\s*[:=]\s*"[^"]*)[0-9A-Za-z]"`)
	wrong := token.ReplaceAllString(text, `${1}!"`)
	if wrong == text {
		f.t.Fatalf("no token in %s", text)
	}
	answers := f.hold(1) // so that the workers with wrong files come in time
	for name, wrong := range map[string]struct{ content, says string }{
		"stale":   {stale, "cannot be reached"},
		"empty":   {"", "the file is empty"},
		"foreign": {"{\"version\": 1}\n", "not the file of a coordinator"},
		"binary":  {"\x00\x01\x02", "not the file of a coordinator"},
		"cut":     {text[:len(text)/2], "not the file of a coordinator"},
		"token":   {wrong, "cannot be reached: nats: Authorization Violation"},
		"missing": {"", "no such file"},
	} {
		if name != "missing" {
			f.write(name+".fleet", wrong.content)
		}
		m := f.workerOf(name + ".fleet")
		f.workers = append(f.workers, m)
		if !f.says(m, wrong.says) {
			f.t.Fatalf("the coordinator has ended\n%s", f.coordinator.output)
		}
		c.Saw(1, "wrong files")
	}
	answers.release()
	f.work(1)
	f.finish()
	for _, m := range f.workers[:len(f.workers)-1] {
		if m.over() {
			f.t.Errorf("%s: it has ended\n%s", strings.Join(m.Args[1:], " "), m.output)
		}
	}
}

// twoCoordinators starts another coordinator while the first one is at work: the server
// holds some answers until the second one has ended.
func twoCoordinators(c *campaign.Campaign, f *machines) {
	f.lease = noLease
	answered := 1 + c.Random.IntN(20)
	answers := f.hold(answered)
	f.coordinate()
	f.work(2)
	f.reach(answered)
	before := f.joined()
	code, out := f.run(f.ask("--store", f.store, "--listen", "127.0.0.1:0")...)
	if code != exitError || !strings.Contains(out, "the store has a coordinator already") {
		f.t.Errorf("another coordinator: exit code %d\n%s", code, out)
	}
	if f.joined() != before {
		f.t.Error("the refused coordinator has changed the join file")
	}
	c.Saw(1, "were refused")
	answers.release()
	f.finish()
}

// deadServer ends the server of one worker while it has queries. The others do its work.
func deadServer(c *campaign.Campaign, f *machines) {
	left, ends := int64(c.Random.IntN(20)), make(chan struct{})
	var asked, held atomic.Int64
	other := ollamatest.New(f.t, func(s *ollamatest.Fake) {
		s.Delay = f.fake.Delay
		s.Answer = func(prompt string) string {
			if strings.Contains(prompt, "Text: ") && asked.Add(1) > left {
				held.Add(1)
				<-ends
			}
			return f.fake.Answer(prompt)
		}
	})
	answers := f.hold(20)
	f.coordinate()
	m := f.program("worker", "--join", f.join, "-m", "ollama/tiny", "--max-connections", "2")
	m.Env = append(m.Env, "OLLAMA_HOST="+other.URL)
	f.workers = append(f.workers, f.launch(m))
	f.work(1)
	for deadline := time.Now().Add(fleetPatience); held.Load() < fleetSlots; time.Sleep(time.Millisecond) {
		if f.coordinator.over() || time.Now().After(deadline) {
			f.t.Fatalf("the server that dies has %d queries\n%s", held.Load(), f.coordinator.output)
		}
	}
	other.CloseClientConnections()
	close(ends)
	other.Close()
	answers.release()
	f.disturbed(1)
	c.Saw(int(held.Load()), "queries were lost with their server")
	f.finish()
}

// otherModel starts workers whose server has a model of that name with other weights, and
// another model. They are refused while the server of the first worker holds its answers, and
// nothing of them is kept.
func otherModel(c *campaign.Campaign, f *machines) {
	f.lease = noLease
	answers := f.hold(2)
	other := ollamatest.New(f.t, func(s *ollamatest.Fake) {
		s.Digest = strings.Repeat("cd", 32)
		s.Answer = func(string) string { return ` ["wrong"]` }
	})
	f.coordinate()
	f.work(1)
	f.reach(2)
	for _, model := range []string{"ollama/tiny", "ollama/other"} {
		m := f.program("worker", "--join", f.join, "-m", model)
		m.Env = append(m.Env, "OLLAMA_HOST="+other.URL)
		worker := f.launch(m)
		f.workers = append(f.workers, worker)
		if code, out := worker.wait(), worker.output.String(); code != exitUsage || !strings.Contains(out, "abab") && !strings.Contains(out, "ollama/tiny") {
			f.t.Errorf("%s: exit code %d\n%s", model, code, out)
		}
		c.Saw(1, "were refused")
	}
	answers.release()
	f.finish()
}

// anotherBuild has a worker of another build of the program. It may take part, and the run
// says so.
func anotherBuild(c *campaign.Campaign, f *machines) {
	f.lease = noLease
	f.coordinate()
	m := f.program("worker", "--join", f.join, "-m", "ollama/tiny")
	m.Env = append(m.Env, stampVariable+"=another")
	f.workers = append(f.workers, f.launch(m))
	if f.answered(1) { // the first answers are its own
		f.work(1)
	}
	f.finish()
	run := regexp.MustCompile(`"id": *"([0-9a-f]+)"`).FindStringSubmatch(f.must("runs", "list", "--json", "--store", f.store))
	if run == nil {
		f.t.Fatal("no run")
	}
	if out := f.must("runs", "show", run[1], "--store", f.store); !regexp.MustCompile(`workers +1 of build .*another`).MatchString(out) {
		f.t.Errorf("the run does not name the other build:\n%s", out)
	}
	c.Saw(1, "workers of another build took part")
}

// killingPassage has a passage that kills each worker that asks about it. It is given up
// after some deliveries, with the names of their nodes; all others are complete. Then the
// same command does the rest.
func killingPassage(c *campaign.Campaign, f *machines) {
	f.lease = fleetLease / 2 // each delivery but the last waits for its end
	var mu sync.Mutex
	var harmless atomic.Bool
	answer := f.fake.Answer
	f.fake.Change(func(prompt string) string {
		if strings.Contains(prompt, "Text: Person7 left") && !harmless.Load() {
			mu.Lock()
			defer mu.Unlock()
			for i, m := range f.workers {
				if !m.over() {
					m.kill()
					f.workers[i] = f.worker()
					c.Saw(1, "workers were killed by a passage")
				}
			}
		}
		return answer(prompt)
	})
	defer f.fake.Change(answer)
	f.coordinate()
	mu.Lock()
	f.work(2)
	mu.Unlock()
	if code, out := f.coordinator.wait(), f.coordinator.output.String(); code != exitPartial || !strings.Contains(out, "it was given to workers 5 times") {
		f.t.Fatalf("with a passage that kills: exit code %d\n%s", code, out)
	}
	harmless.Store(true)
	f.coordinate()
	f.inFlight = f.passages * fleetQueries // the kills were many
	f.finish()
}

// fullCoordinator lets the coordinator run out of room. It says so and ends; its workers
// wait for the next one with what it could not store.
func fullCoordinator(c *campaign.Campaign, f *machines) {
	cmd := f.program(f.ask("--store", f.store, "--listen", "127.0.0.1:0")...)
	cmd.Args = append([]string{"bash", "-c", `ulimit -f "$1"; shift; exec "$@"`, "full", "130", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/bash"
	f.coordinator = f.launch(cmd)
	f.work(2)
	code, out := f.coordinator.wait(), f.coordinator.output.String()
	if code != exitError || !strings.Contains(out, "file too large") {
		f.t.Errorf("without room: exit code %d\n%s", code, out)
	}
	c.Saw(1, "failed for want of room")
	f.disturbed(len(f.workers))
	f.coordinate()
	f.finish()
}

// stoppedWorkers ends workers by a signal, as Slurm and Kubernetes do, while the server holds
// answers to them. They give back what they have not answered, so that nobody waits for the
// lease.
func stoppedWorkers(c *campaign.Campaign, f *machines) {
	f.lease = noLease
	answers := f.hold(0)
	f.coordinate()
	f.work(3)
	for at := 0; at < f.passages*fleetQueries/2; {
		next := 4 + c.Random.IntN(10)
		at += next
		answers.allow(next)
		f.reach(at)
		i := c.Random.IntN(len(f.workers))
		if !f.says(f.workers[i], "connected with") { // before, the signal ends it without a word
			f.t.Fatalf("the coordinator has ended\n%s", f.coordinator.output)
		}
		if err := f.workers[i].Process.Signal(syscall.SIGTERM); err != nil {
			f.t.Error(err)
		}
		f.disturbed(1)
		if code := f.workers[i].wait(); code != 143 {
			f.t.Errorf("a stopped worker: exit code %d\n%s", code, f.workers[i].output)
		}
		c.Saw(1, "workers were stopped")
		f.workers[i] = f.worker()
	}
	answers.release()
	f.finish()
}
