package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/runners"
)

// session is the time of one connection.
type session struct {
	worker   *Worker
	subjects subjects
	conn     *nats.Conn
	lost     chan struct{} // closed with the connection

	live    context.Context // of the worker
	order   order           // the last one
	offered string          // session of the coordinator that has all answers which were kept before
	opening string          // key of the model that is being opened; empty: none
	opened  chan error      // its result
}

// run exchanges beats and orders until the connection is lost.
func (s *session) run(ctx context.Context) error {
	w := s.worker
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if _, err := s.conn.Subscribe(s.subjects.wake(), func(*nats.Msg) { w.poke() }); err != nil {
		return nil // the connection is lost
	}
	asked := make(chan *nats.Msg, 1)
	if _, err := s.conn.ChanSubscribe(s.subjects.after(), asked); err != nil {
		return nil
	}
	signs := time.NewTicker(w.Times.Beat)
	defer signs.Stop()
	changes := time.NewTicker(w.Times.Beat / 50)
	defer changes.Stop()
	slots := 0
	w.poke()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.lost:
			return nil
		case err := <-s.opened:
			s.opening = ""
			if err != nil {
				if !errors.Is(err, runners.ErrTemporary) || errors.Is(err, runners.ErrFatal) {
					return err
				}
				w.fail(err.Error())
				s.order = order{} // try again at the next beat
				continue
			}
			w.fail("")
		case m := <-asked:
			w.group.Go(func() { s.after(ctx, m) })
			continue
		case <-changes.C:
			if s.opening != "" {
				w.busy()
			} else if w.idle() {
				return errIdle
			}
			if n := w.slots(); n == slots {
				continue
			}
		case <-signs.C:
			w.extend(s.conn)
		case <-w.wake:
		}
		if err := w.ended(); err != nil {
			return err
		}
		slots = w.slots()
		if err := s.beat(ctx); err != nil {
			return err
		}
	}
}

// beat sends the state, and does what the coordinator replies.
func (s *session) beat(ctx context.Context) error {
	w := s.worker
	current, job := "", 0
	w.mu.Lock()
	if l := w.loaded; l != nil && s.order.Job != 0 && l.is(&s.order) {
		current, job = s.order.Session, s.order.Job
	}
	w.mu.Unlock()
	state := w.state(current, job)
	state.Offered = s.offered
	data, err := encode(state)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, w.Times.Beat)
	defer cancel()
	m, err := s.conn.RequestWithContext(waiting, s.subjects.beat(), data)
	if err != nil {
		if errors.Is(err, nats.ErrNoResponders) || errors.Is(err, context.DeadlineExceeded) {
			w.say("waiting for a coordinator")
			w.pauseLoaded()
			s.order = order{}
		}
		return nil
	}
	var o order
	if err := decode(m.Data, &o); err != nil || o.Session == "" {
		return nil // not from a coordinator
	}
	if s.offered != o.Session && o.Refused == "" {
		s.offer(o.Session)
	}
	return s.obey(ctx, o)
}

// offer sends the answers that were kept for the coordinator of a session, and says so with
// the next beat: the connection keeps the order of messages. Each of them is also sent until
// it is taken, see deliver.
func (s *session) offer(to string) {
	for _, a := range s.worker.answers() {
		if a.Session == to || len(a.Completions) == 0 {
			continue
		}
		if data, err := encode(a); err == nil && int64(len(data)) <= s.conn.MaxPayload() {
			_ = s.conn.Publish(s.subjects.answer(), data)
		}
	}
	s.offered = to
	s.worker.poke()
}

func (w *Worker) pauseLoaded() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.loaded != nil {
		w.loaded.pause()
	}
}

// obey does what the coordinator wants.
func (s *session) obey(ctx context.Context, o order) error {
	w := s.worker
	switch {
	case o.Protocol != Protocol && o.Refused == "":
		o.Refused = fmt.Sprintf("the coordinator has protocol %d (%s), this worker protocol %d (%s)", o.Protocol, o.Build, Protocol, w.Build)
		fallthrough
	case o.Refused != "":
		return fault.Usagef("worker: refused: %s", o.Refused)
	case o.Job == 0:
		w.pauseLoaded()
		s.order = order{}
		return nil
	}
	if o.Spec == nil { // as before
		o.Spec, o.Aggregation = s.order.Spec, s.order.Aggregation
	}
	if o.Spec == nil {
		return nil
	}
	s.order = o
	w.mu.Lock()
	l := w.loaded
	ready := l != nil && l.is(&o)
	w.mu.Unlock()
	switch {
	case ready && (l.session != o.Session || l.job != o.Job):
		w.poke() // the coordinator checks the model before it sends passages
		w.mu.Lock()
		l.begin(o)
		w.mu.Unlock()
	case ready && l.stream != o.Stream:
		s.pull(ctx, l, o)
	case !ready && s.opening == "":
		s.opening = specKey(&o)
		w.mu.Lock()
		w.loaded = nil
		w.mu.Unlock()
		w.group.Go(func() {
			s.opened <- parallel.Guard(func() error {
				w.opening.Lock() // also of a connection that was lost
				defer w.opening.Unlock()
				if l != nil {
					l.close()
				}
				return s.open(ctx, o)
			})
		})
	}
	return nil
}

// leave sends the answers that were not taken, and gives back what has none.
func (s *session) leave(why error) {
	w := s.worker
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	to := &link{s.conn, s.subjects, ctx}
	var sending parallel.Group
	for k, a := range w.answers() { // at once: each is taken after the next commit
		sending.Go(func() {
			if w.send(ctx, to, a) {
				w.finish(to, k)
			}
		})
	}
	sending.Wait()
	b := w.state("", 0)
	b.Leaving = true
	if why != nil && !errors.Is(why, context.Canceled) {
		b.Problem = why.Error()
	}
	if data, err := encode(b); err == nil {
		_, _ = s.conn.RequestWithContext(ctx, to.subjects.beat(), data)
	}
	_ = s.conn.FlushWithContext(ctx)
}
