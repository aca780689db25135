package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"nerbench/internal/parallel"
	"nerbench/internal/retry"
	"nerbench/ner"
	"nerbench/runners"
)

// work is a passage of this worker.
type work struct {
	passage passage
	reply   string  // to which its message is acknowledged
	answer  *answer // nil: it is computed
}

// pull starts to pull passages of a stream: one for each free slot.
func (s *session) pull(ctx context.Context, l *loaded, o order) {
	w := s.worker
	pulling, cancel := context.WithCancel(ctx)
	stay := context.AfterFunc(l.ctx, cancel)
	w.mu.Lock()
	l.pause()
	l.stop, l.stream = func() { stay(); cancel() }, o.Stream
	w.mu.Unlock()
	most := l.model.Slots.Most()
	for range most + 1 + most/8 { // some wait until an answer is taken
		l.group.Go(func() {
			for pulling.Err() == nil {
				s.one(pulling, l, o.Session, o.Stream)
			}
		})
	}
}

// pullFor is how long one request for a passage waits.
const pullFor = 30 * time.Second

// next pulls a passage; nil: there is none. A passage that comes when the context has
// ended already is given back, so that it does not wait for the end of its lease.
func (s *session) next(ctx context.Context, stream string) (*nats.Msg, error) {
	got, inbox := make(chan *nats.Msg, 2), s.conn.NewInbox()
	sub, err := s.conn.ChanSubscribe(inbox, got)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	request := fmt.Appendf(nil, `{"batch": 1, "expires": %d}`, pullFor)
	if err := s.conn.PublishRequest("$JS.API.CONSUMER.MSG.NEXT."+stream+"."+consumer, inbox, request); err != nil {
		return nil, err
	}
	select {
	case m := <-got:
		if status := m.Header.Get("Status"); status != "" || m.Reply == "" {
			if status == "408" || status == "404" { // none came
				return nil, nil
			}
			return nil, fmt.Errorf("fleet: queue: %s %s", status, m.Header.Get("Description"))
		}
		return m, nil
	case <-time.After(pullFor + time.Second):
		return nil, nil
	case <-s.lost:
		return nil, nats.ErrConnectionClosed
	case <-ctx.Done():
	}
	_ = sub.Drain()                                                // one that the server is sending is still received
	if s.conn.FlushTimeout(5*time.Second) == nil && len(got) > 0 { // from now on, none can come
		if m := <-got; m.Reply != "" {
			_ = m.Nak()
		}
	}
	return nil, ctx.Err()
}

// one pulls one passage and answers it.
func (s *session) one(pulling context.Context, l *loaded, session, stream string) {
	w := s.worker
	if l.model.Slots.Acquire(pulling) != nil {
		return
	}
	w.rest(pulling)
	m, err := s.next(pulling, stream)
	if m == nil {
		l.model.Slots.Release(0, 0, nil)
		if err != nil {
			_ = retry.Sleep(pulling, min(w.Times.Dial, time.Second)) // the queue is gone
		}
		return
	}
	k := &work{reply: m.Reply}
	if decode(m.Data, &k.passage) != nil || len(k.passage.Prompts) == 0 || k.passage.Session != session {
		l.model.Slots.Release(0, 0, nil)
		_ = m.Term() // not from the coordinator
		return
	}
	again := false
	if about, err := m.Metadata(); err == nil {
		again = about.NumDelivered > 1
	}
	if !s.claims(pulling, k, again) {
		l.model.Slots.Release(0, 0, nil)
		_ = m.Ack()
		return
	}
	if w.adopt(k) { // it is in work since an earlier session
		l.model.Slots.Release(0, 0, nil)
		return
	}
	w.compute(l, k)
	w.group.Go(func() { w.deliver(s.live, k) })
}

// claims tells the coordinator who works on a passage. A passage that had another worker
// before may have its answer already.
func (s *session) claims(ctx context.Context, k *work, again bool) bool {
	data, err := encode(claim{Session: k.passage.Session, Ask: k.passage.Ask, Node: s.worker.node})
	if err != nil {
		return true
	}
	if !again {
		_ = s.conn.Publish(s.subjects.claim(), data)
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, s.worker.Times.Beat)
	defer cancel()
	m, err := s.conn.RequestWithContext(ctx, s.subjects.claim(), data)
	return err != nil || string(m.Data) != "no"
}

// adopt gives a passage that is in work already the place in the queue of k: that of an
// earlier session, or one whose lease has ended while this process was stopped.
func (w *Worker) adopt(k *work) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active = time.Now()
	for old := range w.inWork {
		if old.passage.ID == k.passage.ID && (old.passage.Session != k.passage.Session || old.passage.Ask == k.passage.Ask) {
			old.passage.Session, old.passage.Ask, old.reply = k.passage.Session, k.passage.Ask, k.reply
			return true
		}
	}
	w.inWork[k] = true
	return false
}

// compute answers a passage, and frees its slot.
func (w *Worker) compute(l *loaded, k *work) {
	queries := make([]ner.Query, len(k.passage.Prompts))
	for i, p := range k.passage.Prompts {
		queries[i] = ner.Query{Document: k.passage.Document, Types: p.Types, Prompt: p.Prompt}
	}
	began := time.Now()
	var completions []ner.Completion
	err := parallel.Guard(func() (err error) {
		completions, err = l.model.Runner.Complete(l.ctx, queries)
		return err
	})
	l.model.Slots.Release(len(completions), time.Since(began), err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active = time.Now()
	a := &answer{Session: k.passage.Session, Ask: k.passage.Ask, ID: k.passage.ID, Worker: w.id, Node: w.node, Completions: completions}
	switch {
	case err == nil && len(completions) == len(queries):
		w.done++
	case l.ctx.Err() != nil:
		a.Completions, a.Back = nil, true
	case err == nil:
		w.failed++
		a.Completions, a.Again, a.Failure = nil, true, fmt.Sprintf("runner: %d completions for %d queries", len(completions), len(queries))
	default:
		w.failed++
		if errors.Is(err, runners.ErrFatal) && w.fatal == nil { // it would fail them all
			w.fatal = err
			w.poke()
		}
		if errors.Is(err, runners.ErrTemporary) {
			w.resting = time.Now().Add(2 * w.Times.Dial) // longer than the passage is delayed, see finish
		}
		a.Completions, a.Failure, a.Again = nil, err.Error(), true
	}
	k.answer = a
}

// rest waits after a temporary failure, so that a passage which failed here because the
// server is down goes to another worker.
func (w *Worker) rest(ctx context.Context) {
	w.mu.Lock()
	left := time.Until(w.resting)
	w.mu.Unlock()
	if left > 0 {
		_ = retry.Sleep(ctx, left)
	}
}

// answers are those that were not taken.
func (w *Worker) answers() map[*work]*answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[*work]*answer{}
	for k := range w.inWork {
		if k.answer != nil {
			all[k] = k.answer
		}
	}
	return all
}

// deliver sends an answer until it is taken, over whatever connection there is.
func (w *Worker) deliver(ctx context.Context, k *work) {
	for ctx.Err() == nil {
		w.mu.Lock()
		link, changed, a := w.link, w.changed, k.answer
		w.mu.Unlock()
		if link != nil && w.send(link.ctx, link, a) {
			w.finish(link, k)
			return
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-time.After(min(w.Times.Dial, w.Times.Beat)):
		}
	}
}

// send sends an answer, and reports whether it was taken.
func (w *Worker) send(ctx context.Context, to *link, a *answer) bool {
	data, err := encode(a)
	if most := to.conn.MaxPayload(); err == nil && int64(len(data)) > most {
		err = fmt.Errorf("fleet: an answer of %d bytes is larger than the server of the queue takes (max_payload %d)", len(data), most)
	}
	if err != nil { // too large
		a = &answer{Session: a.Session, Ask: a.Ask, ID: a.ID, Worker: a.Worker, Node: a.Node, Failure: err.Error()}
		if data, err = encode(a); err != nil {
			return false
		}
	}
	ctx, cancel := context.WithTimeout(ctx, w.Times.Beat)
	defer cancel()
	m, err := to.conn.RequestWithContext(ctx, to.subjects.answer(), data)
	return err == nil && string(m.Data) == taken
}

// finish forgets a passage whose answer was taken, and acknowledges it to the queue.
func (w *Worker) finish(to *link, k *work) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.inWork, k)
	if k.answer.Again { // another worker may have it, a little later
		_ = to.conn.Publish(k.reply, fmt.Appendf(nil, `-NAK {"delay": %d}`, w.Times.Dial))
		return
	}
	_ = to.conn.Publish(k.reply, []byte("+ACK"))
}

// extend extends the leases of all passages of this worker.
func (w *Worker) extend(conn *nats.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k := range w.inWork {
		_ = conn.Publish(k.reply, []byte("+WPI"))
	}
}
