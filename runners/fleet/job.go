package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/open"
)

// job asks the passages of one run. It is a runner. Its fields are guarded by the lock of
// the coordinator, unless they do not change.
type job struct {
	of     *Coordinator
	number int
	spec   open.Spec
	slots  *slots
	read   lessons

	opened chan struct{} // closed when the first worker has opened the model
	model  open.Description
	node   string // of the first worker
	key    string // of the model, for passageID
	over   chan struct{}
	why    error // set before over is closed

	name      string // of its stream
	streams   int    // that it has had
	last      uint64 // sequence number in the stream that is known
	restoring bool   // the stream is checked, and made again if it is lost
	noted     string // the last failure of the queue

	asked map[uint64]*pending
	byID  map[string]*pending
	// Of the workers that were accepted, by their ids, also of those that left: what they
	// have counted, and their builds if they differ from that of this program.
	counted map[string]map[string]int64
	builds  map[string]string
}

// pending is a passage without an answer.
type pending struct {
	id      string
	ask     uint64
	queries int
	data    []byte
	seq     uint64   // in the stream; 0: not known yet
	nodes   []string // of its workers
	failure string   // that the last of them reported
	got     chan result
	puts    int  // how often it was put into the queue
	twice   bool // it was put into the queue again: its first worker does not remove that
	acked   bool // the worker that has answered removes it from the queue
	settled bool // it has a result
	stored  bool // its result is stored, or not wanted
	// waiting are the workers that keep an answer to it until it is stored, with the
	// subjects on which they wait.
	waiting map[string]string
}

// result is what became of a passage.
type result struct {
	completions []ner.Completion
	err         error
}

// newJob makes the stream of a job.
func newJob(ctx context.Context, c *Coordinator, number int, s open.Spec) (*job, error) {
	j := &job{
		of: c, number: number, spec: s, slots: newSlots(mostInFlight),
		opened: make(chan struct{}), over: make(chan struct{}), asked: map[uint64]*pending{}, byID: map[string]*pending{}, counted: map[string]map[string]int64{}, builds: map[string]string{},
	}
	c.mu.Lock()
	j.newStream()
	c.mu.Unlock()
	for {
		connected := c.conn.IsConnected()
		err := j.makeStream(ctx)
		if err == nil {
			return j, nil
		}
		if connected {
			return nil, fmt.Errorf("fleet: queue: %w", err)
		}
		if err := j.again(ctx, err); err != nil {
			return nil, err
		}
	}
}

// join takes a worker that has opened the model, or returns why it is refused. It is
// called with the lock held.
func (j *job) join(b *beat) (refused string) {
	select {
	case <-j.opened:
		if first, other := j.model.Differs(*b.Opened); first != "" {
			return fmt.Sprintf("the worker on %s has %s, the first worker, on %s, has %s", b.Node, other, j.node, first)
		}
	default:
		j.model, j.node, j.key = *b.Opened, b.Node, modelKey(b.Opened)
		close(j.opened)
	}
	j.counted[b.Worker] = b.Counts
	if b.Build != j.of.config.Build {
		j.builds[b.Worker] = b.Build
	}
	return ""
}

// modelKey is what identifies an answer beside its prompt.
func modelKey(d *open.Description) string {
	return fmt.Sprintf("%q %q %q %q %+v %q", d.Identity.Model, d.Identity.Digest, d.Identity.Server, d.Identity.ServerVersion, d.Decoding, d.AnswerBy)
}

// Complete implements [runners.Runner]. It waits until a worker has answered.
func (j *job) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	if err := ctx.Err(); err != nil || len(queries) == 0 {
		return nil, err
	}
	p, err := j.expect(queries)
	if err != nil {
		return nil, err
	}
	defer j.forget(p)
	if err := j.publish(ctx, p); err != nil {
		return nil, err
	}
	select {
	case r := <-p.got:
		if stored := func() { j.of.stored(p) }; len(r.completions) == 0 || !runners.WhenStored(ctx, stored) {
			stored()
		}
		runners.Answered(ctx, queries, r.completions)
		return r.completions, r.err
	case <-j.over:
		return nil, j.why
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// expect prepares for the answer of a passage, which may be there already.
func (j *job) expect(queries []ner.Query) (*pending, error) {
	prompts := make([]prompt, len(queries))
	for i := range queries {
		prompts[i] = prompt{queries[i].Types, queries[i].Prompt}
	}
	p := &pending{id: passageID(j.key, prompts), queries: len(queries), got: make(chan result, 1)}
	c := j.of
	c.mu.Lock()
	c.asks++
	p.ask = c.asks
	c.mu.Unlock()
	var err error
	message := passage{Session: c.session, Ask: p.ask, ID: p.id, Prompts: prompts}
	if d := queries[0].Document; d != nil {
		message.Document = &ner.Document{ID: d.ID, Text: d.Text, Tokens: d.Tokens}
	}
	if p.data, err = encode(message); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	j.asked[p.ask], j.byID[p.id] = p, p
	if m := c.early[p.id]; m != nil {
		delete(c.early, p.id)
		c.size -= memory(m)
		var a answer
		if decode(m.Data, &a) == nil && j.take(p, &a) {
			j.of.hold(p, a.Worker, m)
		}
	}
	return p, nil
}

// forget ends the wait for a passage.
func (j *job) forget(p *pending) {
	c := j.of
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = c.left || !p.settled
	delete(j.asked, p.ask)
	if j.byID[p.id] == p {
		delete(j.byID, p.id)
	}
	if p.seq != 0 && !p.acked {
		j.remove(p.seq)
	}
}

// take hands the answer to the waiting caller. false: it is no answer to the passage. It
// is called with the lock held.
func (j *job) take(p *pending, a *answer) bool {
	if len(a.Completions) > p.queries || a.Failure == "" && !a.Back && len(a.Completions) != p.queries {
		return false
	}
	if a.Again {
		p.failure = a.Failure
		return true
	}
	if a.Back { // it is in the queue no longer
		p.seq = 0
		j.of.background(func() { _ = j.publish(j.of.live, p) })
		return true
	}
	r := result{completions: a.Completions}
	if a.Failure != "" {
		r.err = fmt.Errorf("worker on %s: %s", a.Node, a.Failure)
	}
	p.acked = a.Session == j.of.session && !p.twice
	j.settle(p, r)
	return true
}

// settle ends the wait for a passage with a result; the first one counts.
func (j *job) settle(p *pending, r result) {
	p.settled = true
	select {
	case p.got <- r:
	default:
	}
}

// giveUp fails a passage that was given to too many workers.
func (j *job) giveUp(seq uint64) {
	for _, p := range j.asked {
		if p.seq != seq {
			continue
		}
		why := p.failure
		if why == "" {
			why = "none of them answered"
		}
		nodes := slices.Compact(slices.Sorted(slices.Values(p.nodes)))
		j.settle(p, result{err: fmt.Errorf("it was given to workers %d times (%s): %s: %w", deliveries, strings.Join(nodes, ", "), why, runners.ErrTemporary)})
	}
}

// errEnded is what became of passages whose run ended before they had an answer.
var errEnded = errors.New("fleet: the run has ended")

// end fails all passages.
func (j *job) end(why error) {
	select {
	case <-j.over:
	default:
		j.why = why
		close(j.over)
	}
}

// close ends the job: its workers wait for the next one.
func (j *job) close() {
	c := j.of
	c.mu.Lock()
	if c.job == j {
		c.job = nil
	}
	j.end(errEnded)
	name := j.name
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = c.stream.DeleteStream(ctx, name) // the next coordinator removes what is left
	c.wake()
}

// counts are those of all workers.
func (j *job) counts() map[string]int64 {
	j.of.mu.Lock()
	defer j.of.mu.Unlock()
	sum := map[string]int64{}
	for _, counts := range j.counted {
		for name, n := range counts {
			sum[name] += n
		}
	}
	return sum
}

// after asks one worker for metadata that are available only now.
func (j *job) after(context.Context) (map[string]string, error) {
	texts := map[string]string{}
	m, err := j.of.conn.Request(j.of.subjects.after(), fmt.Appendf(nil, "%d", j.number), 5*time.Second)
	if err == nil { // else no worker is left: they are unknown
		_ = decode(m.Data, &texts)
	}
	for name := range texts {
		if !ner.KnownFact(name) {
			delete(texts, name)
		}
	}
	j.of.mu.Lock()
	defer j.of.mu.Unlock()
	workers := map[string]int{}
	for _, build := range j.builds {
		workers[build]++
	}
	var others []string
	for _, build := range slices.Sorted(maps.Keys(workers)) {
		others = append(others, fmt.Sprintf("%d of build %s", workers[build], build))
	}
	if len(others) > 0 {
		texts["workers"] = strings.Join(others, ", ")
	}
	return texts, nil
}
