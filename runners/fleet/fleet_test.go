package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/fleet"
	"nerbench/runners/open"
	"nerbench/runners/runnertest"
	"nerbench/runners/vllm/vllmtest"
)

// quick are intervals for tests. No test waits for the end of a lease.
var quick = fleet.Times{Lease: time.Minute, Beat: 500 * time.Millisecond, Say: 200 * time.Millisecond, Dial: 50 * time.Millisecond}

// start starts a coordinator that ends with the test.
func start(t *testing.T, change func(*fleet.Config)) (c *fleet.Coordinator, join string) {
	t.Helper()
	config := fleet.Config{
		Listen: "127.0.0.1:0", Store: filepath.Join(t.TempDir(), "results.db"), Times: quick, Build: "test",
		Note: func(text string) { t.Log("coordinator: " + text) },
	}
	if change != nil {
		change(&config)
	}
	c, err := fleet.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, config.Store + fleet.FileSuffix
}

// work runs a worker until stop is called, which returns its error.
func work(t *testing.T, join string, spec open.Spec, change func(*fleet.Worker)) (stop func() error) {
	t.Helper()
	w := &fleet.Worker{Join: join, Spec: spec, Times: quick, Build: "test", Note: func(text string) { t.Log("worker: " + text) }}
	if change != nil {
		change(w)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	var err error
	stopped := false
	stop = func() error {
		if !stopped {
			cancel()
			err, stopped = <-ended, true
		}
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

// spec is that of a coordinator, for prompts of the completion shape.
func spec(name string) open.Spec {
	return open.Spec{
		Name: name, Family: "uniner", Dataset: "pets", Longest: 1000, LongestAnswer: 16,
		Example: ner.Prompt{Text: "Text: example", MaxTokens: 16}, Observe: func(string) {},
		Getenv: func(string) string { return "" },
	}
}

func query(text string) ner.Query {
	return ner.Query{Types: []ner.EntityType{"person"}, Prompt: ner.Prompt{Text: text, MaxTokens: 16}}
}

func echo(prompt string) string { return `["` + prompt + `"]` }

// fakeServer is a vLLM server, and what a worker needs to ask it.
func fakeServer(t *testing.T, change func(*vllmtest.Fake)) (*vllmtest.Fake, open.Spec) {
	f := vllmtest.New(t, func(f *vllmtest.Fake) { f.Answer = echo }, change)
	return f, open.Spec{Name: "vllm/" + f.Model, Servers: []string{f.URL}, Connections: 4}
}

// closing is a runner that ends with all that it needs.
type closing struct {
	runners.Runner
	end func()
}

func (c *closing) Close() { c.end() }

// TestConformance: a model behind a queue is a runner as any other.
func TestConformance(t *testing.T) {
	ask := func(t *testing.T, change func(*vllmtest.Fake)) (runners.Runner, *vllmtest.Fake) {
		f, own := fakeServer(t, change)
		c, join := start(t, nil)
		stop := work(t, join, own, nil)
		m, err := c.Open(t.Context(), spec(own.Name))
		if err != nil {
			t.Fatal(err)
		}
		end := sync.OnceFunc(func() { m.Close(); _ = stop(); c.Close(); f.Close() })
		t.Cleanup(end)
		return &closing{m.Runner, end}, f
	}
	runnertest.Run(t, runnertest.Suite{
		New: func(t *testing.T) runners.Runner { r, _ := ask(t, func(*vllmtest.Fake) {}); return r },
		Slow: func(t *testing.T) runners.Runner {
			r, f := ask(t, func(*vllmtest.Fake) {})
			f.Delay = time.Minute
			return r
		},
		Query:   func(text string) ner.Query { return query("Text: " + text) },
		Answer:  func(text string) string { return echo("Text: " + text) },
		TooLong: strings.Repeat("too long ", 1000),
		Tokens:  true,
	})
}

// TestTagger: a model that is trained at start learns on each worker, and answers as it
// does here.
func TestTagger(t *testing.T) {
	train := []*ner.Document{{Text: "Mira left Port Varna .", Spans: []ner.Span{{Start: 0, End: 4, Type: "person"}, {Start: 10, End: 20, Type: "place"}}}}
	asked := spec("tagger")
	asked.Family, asked.Types = "spans", []ner.EntityType{"person", "place"}
	asked.Train = func(context.Context) (iter.Seq2[*ner.Document, error], func() string, error) {
		return func(yield func(*ner.Document, error) bool) {
			for _, d := range train {
				if !yield(d, nil) {
					return
				}
			}
		}, func() string { return "fingerprint" }, nil
	}
	here, err := open.Open(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	c, join := start(t, nil)
	work(t, join, open.Spec{Name: "tagger"}, nil)
	there, err := c.Open(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	if here.RunKeys()["training"] != there.RunKeys()["training"] || here.Identity != there.Identity {
		t.Errorf("here %v %v, there %v %v", here.Identity, here.RunKeys(), there.Identity, there.RunKeys())
	}
	q := []ner.Query{{Document: &ner.Document{Text: "Mira left Port Varna ."}, Types: asked.Types, Prompt: ner.Prompt{Text: "{}"}}}
	want, err := here.Runner.Complete(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	got, err := there.Runner.Complete(t.Context(), q)
	if err != nil || len(got) != 1 || got[0].Text != want[0].Text {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// TestNoWorkers: after the longest wait, the run is incomplete.
func TestNoWorkers(t *testing.T) {
	c, _ := start(t, func(c *fleet.Config) { c.WaitWorkers = 300 * time.Millisecond })
	_, err := c.Open(t.Context(), spec("vllm/model"))
	if !errors.Is(err, runners.ErrFatal) || !strings.Contains(err.Error(), "no worker for 300ms") {
		t.Errorf("error %v", err)
	}
}

// TestNoWorkersOfTheModel: workers that wait for another model do not end the wait.
func TestNoWorkersOfTheModel(t *testing.T) {
	c, join := start(t, func(c *fleet.Config) { c.WaitWorkers, c.Several = 300*time.Millisecond, true })
	work(t, join, open.Spec{Name: "vllm/other"}, nil)
	for len(c.Workers().Workers) == 0 {
		time.Sleep(time.Millisecond)
	}
	if _, err := c.Open(t.Context(), spec("vllm/model")); err == nil || !strings.Contains(err.Error(), "no worker for 300ms") {
		t.Errorf("error %v", err)
	}
}

// TestSlowOpening: a worker that opens a model is not idle.
func TestSlowOpening(t *testing.T) {
	t.Parallel()
	const idle = 2 * time.Second
	var slow sync.Once
	_, own := fakeServer(t, func(f *vllmtest.Fake) {
		f.Intercept = func(http.ResponseWriter, string, *vllmtest.Request) bool {
			slow.Do(func() { time.Sleep(3 * idle / 2) })
			return false
		}
	})
	c, join := start(t, func(c *fleet.Config) { c.WaitWorkers = 10 * idle })
	opened := make(chan error, 1)
	go func() { // before the worker, which would be idle until then
		m, err := c.Open(t.Context(), spec(own.Name))
		if err == nil {
			m.Close()
		}
		opened <- err
	}()
	for c.Workers().Model == "" {
		time.Sleep(time.Millisecond)
	}
	work(t, join, own, func(w *fleet.Worker) { w.UntilIdle, w.Times.Beat = idle, 5*idle })
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
}

// until runs a worker that ends by itself, and returns how to wait for its end.
func until(t *testing.T, join string, own open.Spec) (wait func() error) {
	w := &fleet.Worker{Join: join, Spec: own, Times: quick, Build: "test", Note: func(text string) { t.Log("worker: " + text) }}
	return func() error { return w.Run(t.Context()) }
}

// natsServer starts a server as a user may have it: with JetStream, without a token.
func natsServer(t *testing.T) (address string) {
	t.Helper()
	s := natsAt(t, server.RANDOM_PORT)
	return s.ClientURL()
}

// natsAt starts a server at a port.
func natsAt(t *testing.T, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoLog: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not start")
	}
	return s
}

// TestQueueOfTheUser: passages go through a server that exists, and nothing is left in it.
func TestQueueOfTheUser(t *testing.T) {
	address := natsServer(t)
	conn, err := nats.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	deletions, err := conn.SubscribeSync("$JS.API.STREAM.MSG.DELETE.>")
	if err != nil {
		t.Fatal(err)
	}
	_, own := fakeServer(t, func(*vllmtest.Fake) {})
	work(t, address+"/lab", own, nil)
	for range 2 { // a second run finds an empty queue
		c, _ := start(t, func(c *fleet.Config) { c.Listen, c.Queue = "", address+"/lab" })
		m, err := c.Open(t.Context(), spec(own.Name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Runner.Complete(t.Context(), []ner.Query{query("a"), query("b")})
		if err != nil || len(got) != 2 || got[1].Text != echo("b") {
			t.Errorf("got %v, %v", got, err)
		}
		m.Close()
		c.Close()
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	if n, _, err := deletions.Pending(); err != nil || n != 0 {
		t.Errorf("%d passages were deleted, %v: their worker does that", n, err)
	}
}

// TestQueueIsStartedAgain: the server of the user loses the queue. All passages are answered
// nevertheless, and only those that were in flight may be asked again.
func TestQueueIsStartedAgain(t *testing.T) {
	const passages = 8
	var asked atomic.Int32
	begun, answer := make(chan bool, 2*passages), make(chan bool)
	_, own := fakeServer(t, func(f *vllmtest.Fake) {
		f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
			if strings.Contains(string(q.Prompt), "passage") {
				asked.Add(1)
				begun <- true
				<-answer
			}
			return false
		}
	})
	first := natsAt(t, server.RANDOM_PORT)
	address := first.ClientURL()
	port := first.Addr().(*net.TCPAddr).Port
	c, _ := start(t, func(c *fleet.Config) { c.Listen, c.Queue = "", address })
	work(t, address, own, nil)
	m, err := c.Open(t.Context(), spec(own.Name))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var group sync.WaitGroup
	for i := range passages {
		group.Go(func() {
			text := fmt.Sprint("passage ", i)
			if got, err := m.Runner.Complete(t.Context(), []ner.Query{query(text)}); err != nil || got[0].Text != echo(text) {
				t.Errorf("%s: got %v, %v", text, got, err)
			}
		})
	}
	for range own.Connections {
		<-begun
	}
	first.Shutdown()
	first.WaitForShutdown()
	close(answer)
	natsAt(t, port)
	group.Wait()
	if n := int(asked.Load()); n > passages+own.Connections { // those in flight may be asked again
		t.Errorf("%d passages were asked, want %d, and at most %d again", n, passages, own.Connections)
	}
}

// TestGivenBack: a worker that is stopped gives its passages back, and another one
// answers them at once, although they were given back more often than a passage may fail.
func TestGivenBack(t *testing.T) {
	const stops = 7
	asked, ended := make(chan bool, stops), make(chan bool)
	var times atomic.Int32
	_, own := fakeServer(t, func(f *vllmtest.Fake) {
		f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
			if strings.Contains(string(q.Prompt), "slow") && times.Add(1) <= stops {
				asked <- true
				<-ended
			}
			return false
		}
	})
	defer close(ended)
	c, join := start(t, func(c *fleet.Config) { c.Times.Lease = time.Hour })
	patient := func(w *fleet.Worker) { w.Times.Lease = time.Hour }
	stop := work(t, join, own, patient)
	m, err := c.Open(t.Context(), spec(own.Name))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	done := make(chan error, 1)
	var got []ner.Completion
	go func() {
		var err error
		got, err = m.Runner.Complete(t.Context(), []ner.Query{query("slow")})
		done <- err
	}()
	for range stops {
		<-asked
		_ = stop()
		stop = work(t, join, own, patient)
	}
	if err := <-done; err != nil || got[0].Text != echo("slow") {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestNextCoordinator: an answer that no coordinator has taken is taken by the next one,
// and the passage is not asked again.
func TestNextCoordinator(t *testing.T) {
	begun, answer := make(chan bool, 10), make(chan bool)
	_, own := fakeServer(t, func(f *vllmtest.Fake) {
		f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
			if strings.Contains(string(q.Prompt), "kept") {
				begun <- true
				<-answer
			}
			return false
		}
	})
	store := filepath.Join(t.TempDir(), "results.db")
	c, join := start(t, func(c *fleet.Config) { c.Store = store })
	work(t, join, own, nil)
	m, err := c.Open(t.Context(), spec(own.Name))
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan error, 1)
	go func() {
		_, err := m.Runner.Complete(t.Context(), []ner.Query{query("kept")})
		asked <- err
	}()
	<-begun
	m.Close()
	c.Close()
	if err := <-asked; err == nil {
		t.Error("the first coordinator has an answer")
	}
	close(answer)
	c, _ = start(t, func(c *fleet.Config) { c.Store = store })
	if m, err = c.Open(t.Context(), spec(own.Name)); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	got, err := m.Runner.Complete(t.Context(), []ner.Query{query("kept")})
	if err != nil || got[0].Text != echo("kept") {
		t.Errorf("got %v, %v", got, err)
	}
	if len(begun) > 0 {
		t.Error("it was asked again")
	}
}

// TestPassageThatEndsWorkers: a passage that ends every worker is given to five, and the
// error names them; others are answered.
func TestPassageThatEndsWorkers(t *testing.T) {
	_, own := fakeServer(t, func(f *vllmtest.Fake) {
		f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
			if strings.Contains(string(q.Prompt), "bad") {
				http.Error(w, `{"error": {"message": "not here"}}`, http.StatusNotImplemented)
				return true
			}
			return false
		}
	})
	c, join := start(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	group.Go(func() {
		for ctx.Err() == nil {
			w := &fleet.Worker{Join: join, Spec: own, Times: quick, Build: "test", Note: func(text string) { t.Log("worker: " + text) }}
			if err := w.Run(ctx); ctx.Err() == nil && (err == nil || !strings.Contains(err.Error(), "not here")) {
				t.Errorf("a worker ended with %v", err)
			}
		}
	})
	m, err := c.Open(t.Context(), spec(own.Name))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	_, err = m.Runner.Complete(t.Context(), []ner.Query{query("bad")})
	node, _ := os.Hostname()
	if !errors.Is(err, runners.ErrTemporary) || !strings.Contains(err.Error(), "it was given to workers 5 times ("+node+"): ") || !strings.Contains(err.Error(), "not here") {
		t.Errorf("error %v", err)
	}
	if got, err := m.Runner.Complete(t.Context(), []ner.Query{query("good")}); err != nil || got[0].Text != echo("good") {
		t.Errorf("got %v, %v", got, err)
	}
}
