package fleet

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"nerbench/internal/parallel"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/open"
)

// asking is a coordinator with one job, whose model is open.
func asking(t *testing.T) (*Coordinator, *job) {
	t.Helper()
	return askingFor(t, t.Context())
}

// askingFor is a coordinator of a command that ends with the context.
func askingFor(t *testing.T, run context.Context) (*Coordinator, *job) {
	t.Helper()
	times := Times{Dial: time.Millisecond} // the wait between two attempts to use the queue
	c, err := Start(run, Config{Listen: "127.0.0.1:0", Times: times, Store: filepath.Join(t.TempDir(), "results.db"), Note: func(text string) { t.Log(text) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	j, err := newJob(t.Context(), c, 1, open.Spec{Name: "vllm/model"})
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	c.job = j
	c.mu.Unlock()
	return c, j
}

// send sends an answer, waits until the coordinator has read it, and returns where its reply
// arrives.
func send(t *testing.T, c *Coordinator, a answer) *nats.Subscription {
	t.Helper()
	data, err := encode(a)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := c.conn.SubscribeSync(c.conn.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.conn.PublishRequest(c.subjects.answer(), reply.Subject, data); err != nil {
		t.Fatal(err)
	}
	if _, err := c.conn.Request(c.subjects.workers(), []byte("{}"), time.Minute); err != nil { // it comes after the answer
		t.Fatal(err)
	}
	return reply
}

// tell sends an answer, and reports whether the coordinator has taken it.
func tell(t *testing.T, c *Coordinator, a answer) bool {
	t.Helper()
	reply := send(t, c, a)
	if err := c.conn.Flush(); err != nil {
		t.Fatal(err)
	}
	m, err := reply.NextMsg(time.Millisecond) // it is there, or it never comes
	return err == nil && string(m.Data) == taken
}

// kept is the number of answers that wait for their passage, and their size.
func (c *Coordinator) kept() (n, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.early), c.size
}

// TestAnswersOfEarlierSessions: what an earlier session has answered waits for its passage;
// what it has not answered is asked anew, and only once.
func TestAnswersOfEarlierSessions(t *testing.T) {
	c, j := asking(t)
	queries := []ner.Query{{Types: []ner.EntityType{"person"}, Prompt: ner.Prompt{Text: "a"}}}
	p, err := j.expect(queries)
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]answer{
		"given back":              {Back: true},
		"failed":                  {Failure: "no memory", Again: true},
		"an answer that is large": {Failure: "too large"},
	} {
		for _, id := range []string{p.id, "not asked yet"} {
			a.Session, a.ID = "earlier", id
			if !tell(t, c, a) {
				t.Errorf("%s, %s: it is not taken", name, id)
			}
		}
	}
	if n, _ := c.kept(); n != 0 || len(p.got) != 0 || p.failure != "" {
		t.Errorf("%d answers are kept, the passage has %d, failure %q", n, len(p.got), p.failure)
	}
	if s, err := c.stream.Stream(t.Context(), j.name); err != nil || s.CachedInfo().State.Msgs != 0 {
		t.Errorf("the queue: %v, %v: want no message", s, err)
	}
	good := answer{Session: "earlier", ID: p.id, Completions: []ner.Completion{{Text: "first"}}}
	j.forget(p)
	for range 3 { // it is sent again until it is taken
		if tell(t, c, good) {
			t.Error("an answer is taken whose passage is not asked yet")
		}
	}
	if n, size := c.kept(); n != 1 || size <= 0 {
		t.Errorf("%d answers of %d bytes are kept, want one", n, size)
	}
	if p, err = j.expect(queries); err != nil || len(p.got) != 1 {
		t.Fatalf("%d answers, %v", len(p.got), err)
	}
	if n, size := c.kept(); n != 0 || size != 0 {
		t.Errorf("%d answers of %d bytes are left", n, size)
	}
	if r := <-p.got; r.completions[0].Text != "first" {
		t.Errorf("got %+v", r)
	}
}

// TestAnswersTwice: the first answer counts, and a second one is dropped. Answers to other
// passages are not taken.
func TestAnswersTwice(t *testing.T) {
	c, j := asking(t)
	p, err := j.expect([]ner.Query{{Types: []ner.EntityType{"person"}, Prompt: ner.Prompt{Text: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Session: c.session, Ask: p.ask, ID: "another", Completions: []ner.Completion{{Text: "wrong"}}}
	if tell(t, c, a) {
		t.Error("the answer to another passage is taken")
	}
	a.ID, a.Completions = p.id, append(a.Completions, ner.Completion{})
	if tell(t, c, a) {
		t.Error("two completions for one query are taken")
	}
	for _, text := range []string{"first", "second"} {
		a.Completions = []ner.Completion{{Text: text}}
		if tell(t, c, a) {
			t.Errorf("%s: it is taken, but not stored", text)
		}
	}
	if r := <-p.got; len(p.got) != 0 || r.completions[0].Text != "first" {
		t.Errorf("got %+v and %d more", r, len(p.got))
	}
	c.stored(p)
	if !tell(t, c, a) {
		t.Error("an answer that is stored is not taken")
	}
	j.forget(p)
	if !tell(t, c, a) {
		t.Error("an answer after the passage was done is not taken")
	}
}

// complete asks one passage, which is answered, and returns the answer.
func complete(t *testing.T, ctx context.Context, c *Coordinator, j *job, text string) answer {
	t.Helper()
	got := parallel.Go(func() error {
		_, err := j.Complete(ctx, []ner.Query{{Types: []ner.EntityType{"person"}, Prompt: ner.Prompt{Text: text}}})
		return err
	})
	a := answer{Session: c.session, Worker: "one", Completions: []ner.Completion{{Text: "answer"}}}
	for a.ID == "" {
		time.Sleep(time.Millisecond)
		c.mu.Lock()
		for _, p := range j.asked {
			a.Ask, a.ID = p.ask, p.id
		}
		c.mu.Unlock()
	}
	tell(t, c, a)
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	return a
}

// TestAnswersAreTakenWhenTheyAreStored: until then, each worker that sends one keeps it, and
// is told at once when it is stored, by its last message.
func TestAnswersAreTakenWhenTheyAreStored(t *testing.T) {
	c, j := asking(t)
	ctx, stored := runners.WithStored(t.Context())
	a := complete(t, ctx, c, j, "a")
	earlier := a
	earlier.Session, earlier.Worker = "earlier", "two"
	if tell(t, c, a) || tell(t, c, earlier) {
		t.Error("an answer that is sent again is taken, but not stored")
	}
	reply := send(t, c, earlier)
	c.mu.Lock()
	if n := len(c.unstored[a.ID].waiting); n != 2 {
		t.Errorf("%d workers wait, want 2", n)
	}
	c.mu.Unlock()
	stored()
	if m, err := reply.NextMsg(time.Minute); err != nil || string(m.Data) != taken {
		t.Errorf("after it was stored: %v, %v", m, err)
	}
	if !tell(t, c, a) {
		t.Error("an answer that is stored is not taken")
	}
	if a := complete(t, t.Context(), c, j, "b"); !tell(t, c, a) {
		t.Error("an answer to a caller that stores none is not taken")
	}
}

// TestAnswersThatAreNotStored stay with their workers, for the next coordinator, also if
// nobody waits for them any longer.
func TestAnswersThatAreNotStored(t *testing.T) {
	c, j := asking(t)
	ctx, _ := runners.WithStored(t.Context())
	a := complete(t, ctx, c, j, "a")
	j.close()
	if tell(t, c, a) {
		t.Error("the run has ended: an answer that is not stored is taken")
	}
	c, j = asking(t)
	p, err := j.expect([]ner.Query{{Types: []ner.EntityType{"person"}, Prompt: ner.Prompt{Text: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	j.forget(p)
	late := answer{Session: c.session, Ask: p.ask, ID: p.id, Completions: []ner.Completion{{Text: "late"}}}
	if tell(t, c, late) {
		t.Error("an answer to a passage that was left is taken")
	}
	late.Completions, late.Back = nil, true
	if !tell(t, c, late) {
		t.Error("a passage that was left cannot be given back")
	}
}

// TestKeptAnswersAreLimited: one more than fits stays with its worker.
func TestKeptAnswersAreLimited(t *testing.T) {
	c, _ := asking(t)
	a := answer{Session: "earlier", ID: "a", Completions: []ner.Completion{{Text: "first"}}}
	tell(t, c, a)
	c.mu.Lock()
	c.size = mostEarly
	c.mu.Unlock()
	a.Completions[0].Text = "a longer one"
	tell(t, c, a)
	a.ID = "b"
	tell(t, c, a)
	if n, size := c.kept(); n != 1 || size != mostEarly {
		t.Errorf("%d answers, %d bytes beside the limit", n, size-mostEarly)
	}
}

// TestAnswersAtTheEnd: an answer whose passage was not asked is taken when the run is
// complete. After an interruption it stays with its worker, for the next coordinator.
func TestAnswersAtTheEnd(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		run, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		c, _ := askingFor(t, run)
		lost := make(chan bool)
		conn, err := c.file.connect(t.Context(), "worker", nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(lost) }))
		if err != nil {
			t.Fatal(err)
		}
		reply := make(chan *nats.Msg, 1)
		if _, err := conn.ChanSubscribe("reply", reply); err != nil {
			t.Fatal(err)
		}
		data, err := encode(answer{Session: "earlier", ID: "a", Completions: []ner.Completion{{Text: "kept"}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.PublishRequest(c.subjects.answer(), "reply", data); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Request(c.subjects.workers(), []byte("{}"), time.Minute); err != nil { // it comes after the answer
			t.Fatal(err)
		}
		if interrupted {
			interrupt()
		}
		c.Close()
		<-lost
		if n := len(reply); (n == 0) != interrupted {
			t.Errorf("interrupted %t: %d replies", interrupted, n)
		}
	}
}

// TestWorkersOfOtherBuilds: they are accepted and recorded; refused ones are not. The
// counts of a worker that was away count once.
func TestWorkersOfOtherBuilds(t *testing.T) {
	c, j := asking(t)
	b := beat{Protocol: Protocol, Build: "another", Worker: "a", Model: "vllm/model", Session: c.session, Job: 1, Opened: &open.Description{}, Slots: 2, Counts: map[string]int64{"retries": 3}}
	if o := c.order(b); o.Refused != "" || o.Stream != j.name {
		t.Errorf("order %+v", o)
	}
	other := b
	other.Worker, other.Opened = "b", &open.Description{Identity: ner.Identity{Model: "other"}}
	if o := c.order(other); o.Refused == "" {
		t.Error("another model is accepted")
	}
	c.mu.Lock()
	c.leave("a", "is gone")
	c.mu.Unlock()
	b.Counts = map[string]int64{"retries": 5}
	c.order(b)
	if n := j.counts()["retries"]; n != 5 {
		t.Errorf("%d retries, want 5", n)
	}
	if texts, err := j.after(t.Context()); err != nil || texts["workers"] != "1 of build another" {
		t.Errorf("recorded %v, %v", texts, err)
	}
}
