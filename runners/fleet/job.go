package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"nerbench/internal/retry"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/open"
)

// job asks the passages of one run. It is a runner. Its fields are guarded by the lock of
// the coordinator, unless they do not change.
type job struct {
	of     *Coordinator
	number int
	name   string // of its stream
	spec   open.Spec
	slots  *slots
	read   lessons

	opened chan struct{} // closed when the first worker has opened the model
	model  open.Description
	node   string // of the first worker
	key    string // of the model, for passageID
	over   chan struct{}
	why    error // set before over is closed

	asked map[uint64]*pending
	byID  map[string]*pending
	past  map[string]int64 // counts of workers that left
	built map[string]int   // workers of other builds than this program
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
}

// result is what became of a passage.
type result struct {
	completions []ner.Completion
	err         error
}

// newJob makes the stream of a job.
func newJob(ctx context.Context, c *Coordinator, number int, s open.Spec) (*job, error) {
	j := &job{
		of: c, number: number, name: fmt.Sprintf("%s%s_%d", c.subjects.streams(), c.session, number), spec: s, slots: newSlots(mostInFlight),
		opened: make(chan struct{}), over: make(chan struct{}), asked: map[uint64]*pending{}, byID: map[string]*pending{}, past: map[string]int64{}, built: map[string]int{},
	}
	if err := j.makeStream(ctx); err != nil {
		return nil, fmt.Errorf("fleet: queue: %w", err)
	}
	return j, nil
}

func (j *job) makeStream(ctx context.Context) error {
	stream, err := j.of.stream.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: j.name, Subjects: []string{j.of.subjects.work(j.name)}, Retention: jetstream.WorkQueuePolicy, Storage: jetstream.MemoryStorage,
		MaxMsgSize: largest, Duplicates: time.Second,
	})
	if err != nil {
		return err
	}
	_, err = stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: consumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: j.of.config.Times.Lease, MaxDeliver: deliveries,
		MaxAckPending: 2 * mostInFlight, MaxWaiting: 1 << 16, MemoryStorage: true,
	})
	return err
}

// consumer is the name of the consumer of a stream.
const consumer = "workers"

// join takes a worker that has opened the model, or returns why it is refused. It is
// called with the lock held.
func (j *job) join(b *beat) (refused string) {
	if m := j.of.members[b.Worker]; b.Build != j.of.config.Build && (m == nil || m.Job != b.Job) {
		j.built[b.Build]++
	}
	select {
	case <-j.opened:
	default:
		j.model, j.node, j.key = *b.Opened, b.Node, modelKey(b.Opened)
		close(j.opened)
		return ""
	}
	if first, other := j.model.Differs(*b.Opened); first != "" {
		return fmt.Sprintf("the worker on %s has %s, the first worker, on %s, has %s", b.Node, other, j.node, first)
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
			_ = m.Respond([]byte(taken))
		}
	}
	return p, nil
}

// forget ends the wait for a passage.
func (j *job) forget(p *pending) {
	c := j.of
	c.mu.Lock()
	delete(j.asked, p.ask)
	if j.byID[p.id] == p {
		delete(j.byID, p.id)
	}
	seq := p.seq
	c.mu.Unlock()
	if seq != 0 && len(p.got) == 0 { // no worker will acknowledge it
		j.remove(seq)
	}
}

// remove takes a passage out of the queue, without waiting.
func (j *job) remove(seq uint64) {
	_ = j.of.conn.Publish("$JS.API.STREAM.MSG.DELETE."+j.name, fmt.Appendf(nil, `{"seq":%d,"no_erase":true}`, seq))
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
	if a.Back {
		j.of.group.Go(func() { _ = j.publish(context.Background(), p) })
		return true
	}
	r := result{completions: a.Completions}
	if a.Failure != "" {
		r.err = fmt.Errorf("worker on %s: %s", a.Node, a.Failure)
	}
	j.settle(p, r)
	return true
}

// settle ends the wait for a passage with a result; the first one counts.
func (j *job) settle(p *pending, r result) {
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

// publish puts a passage into the queue, unless its answer is there. A queue that cannot be
// reached is tried again until the context or the job ends.
func (j *job) publish(ctx context.Context, p *pending) error {
	for len(p.got) == 0 {
		ack, err := j.of.stream.PublishMsg(ctx, &nats.Msg{Subject: j.of.subjects.work(j.name), Data: p.data})
		if err == nil {
			j.of.mu.Lock()
			p.seq = ack.Sequence
			j.of.mu.Unlock()
			return nil
		}
		if errors.Is(err, nats.ErrMaxPayload) {
			return fmt.Errorf("fleet: a passage of %d bytes is larger than the server of the queue takes (max_payload): %w", len(p.data), err)
		}
		select {
		case <-j.over:
			return j.why
		default:
		}
		if err := retry.Sleep(ctx, j.of.config.Times.Dial); err != nil {
			return err
		}
	}
	return nil
}

// restore makes the stream again if the server has lost it, with all passages that have
// no answer.
func (j *job) restore() {
	ctx, cancel := context.WithTimeout(context.Background(), j.of.config.Times.Lease)
	defer cancel()
	if _, err := j.of.stream.Stream(ctx, j.name); !errors.Is(err, jetstream.ErrStreamNotFound) {
		return
	}
	if err := j.makeStream(ctx); err != nil {
		j.of.config.Note(fmt.Sprintf("the queue cannot be made again: %v", err))
		return
	}
	j.of.mu.Lock()
	var lost []*pending
	for _, p := range j.asked {
		if p.seq != 0 {
			lost = append(lost, p)
		}
	}
	j.of.mu.Unlock()
	j.of.config.Note(fmt.Sprintf("the server of the queue has lost it: %d passages are put into it again", len(lost)))
	for _, p := range lost {
		if err := j.publish(ctx, p); err != nil {
			return
		}
	}
	j.of.wake()
}

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
	j.end(errors.New("fleet: the run has ended"))
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = c.stream.DeleteStream(ctx, j.name) // the next coordinator removes what is left
	c.wake()
}

// gone keeps the counts of a worker that left. It is called with the lock held.
func (j *job) gone(m *member) {
	if m.Session == j.of.session && m.Job == j.number {
		for name, n := range m.Counts {
			j.past[name] += n
		}
	}
}

// counts are those of all workers.
func (j *job) counts() map[string]int64 {
	j.of.mu.Lock()
	defer j.of.mu.Unlock()
	sum := map[string]int64{}
	for name, n := range j.past {
		sum[name] += n
	}
	for _, m := range j.of.members {
		if m.Session == j.of.session && m.Job == j.number {
			for name, n := range m.Counts {
				sum[name] += n
			}
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
	var builds []string
	for _, build := range slices.Sorted(maps.Keys(j.built)) {
		builds = append(builds, fmt.Sprintf("%d of build %s", j.built[build], build))
	}
	if len(builds) > 0 {
		texts["workers"] = strings.Join(builds, ", ")
	}
	return texts, nil
}
