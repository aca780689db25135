package fleet

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/internal/retry"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/open"
)

// Worker answers the passages of a fleet with a model of its machine.
type Worker struct {
	// Join is the file of the coordinator, or the address of a NATS server.
	Join string
	// Spec has the name of the model, and the settings of this machine.
	Spec open.Spec
	// UntilIdle ends the worker when it had no passage for so long; 0: it never ends.
	UntilIdle time.Duration
	Build     string // of this program
	Times     Times
	// Note is called with messages for the user, from several goroutines at once.
	Note func(string)

	id    string
	node  string
	group parallel.Group // of passages and their answers
	wake  chan struct{}  // something has changed: send a beat

	mu      sync.Mutex
	link    *link          // nil: not connected
	changed chan struct{}  // closed when link changes
	loaded  *loaded        // nil: no model is open
	inWork  map[*work]bool // passages that are computed, or whose answers are not taken
	done    int64
	failed  int64
	problem string
	fatal   error     // that ends the worker
	active  time.Time // of the last passage
	said    string    // the last note about the connection
}

// link is a connection.
type link struct {
	conn     *nats.Conn
	subjects subjects
	ctx      context.Context // ends with the connection
}

// loaded is an open model.
type loaded struct {
	key     string // of the spec that it was opened with
	trained bool
	model   *open.Model
	about   open.Description
	ctx     context.Context // ends when the model is closed
	cancel  context.CancelFunc
	group   parallel.Group // of passages that are computed

	// The queue that passages are pulled from; the empty one: none.
	session, stream string
	job             int
	stop            context.CancelFunc
}

// work is a passage of this worker.
type work struct {
	passage passage
	reply   string  // to which its message is acknowledged; empty: it is not in a queue any more
	answer  *answer // nil: it is computed
}

// Run works until the context ends, the worker is refused, or it was idle for too long.
// It returns the error of the context, or a usage error if it was refused.
func (w *Worker) Run(ctx context.Context) error {
	w.Times = w.Times.withDefaults()
	if w.Note == nil {
		w.Note = func(string) {}
	}
	w.id, w.wake, w.changed, w.inWork, w.active = rand.Text(), make(chan struct{}, 1), make(chan struct{}), map[*work]bool{}, time.Now()
	w.node, _ = os.Hostname()
	live, cancel := context.WithCancel(ctx)
	defer cancel()
	err := w.work(live)
	cancel()
	w.closeModel()
	w.group.Wait()
	w.closeModel() // that was being opened
	return err
}

// closeModel closes the model, if one is open.
func (w *Worker) closeModel() {
	w.mu.Lock()
	l := w.loaded
	w.loaded = nil
	w.mu.Unlock()
	if l != nil {
		l.close()
	}
}

// errIdle ends a worker that has nothing to do.
var errIdle = errors.New("idle")

func (w *Worker) work(ctx context.Context) error {
	for {
		err := w.connected(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == errIdle:
			w.Note(fmt.Sprintf("no passages for %s: done", w.UntilIdle))
			return nil
		case err != nil:
			return err
		case w.idle():
			w.Note(fmt.Sprintf("no passages for %s: done", w.UntilIdle))
			return nil
		}
		if err := retry.Sleep(ctx, w.Times.Dial); err != nil {
			return err
		}
	}
}

// idle reports whether there was no work for too long.
func (w *Worker) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k := range w.inWork {
		if k.answer == nil {
			return false
		}
	}
	return w.UntilIdle > 0 && time.Since(w.active) > w.UntilIdle
}

// connected connects as the file says now, and works until the connection is lost, which
// is no error.
func (w *Worker) connected(ctx context.Context) error {
	f, err := readJoin(w.Join)
	if err != nil {
		if errors.As(err, new(*fault.UsageError)) {
			return err
		}
		w.say(fmt.Sprintf("waiting for a coordinator: %v", err))
		return nil
	}
	lost := make(chan struct{})
	conn, err := f.connect(ctx, "nerbench worker", nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(lost) }))
	if err != nil {
		w.say(fmt.Sprintf("%s cannot be reached: %v; trying again", f.place(), err))
		return nil
	}
	defer conn.Close()
	w.say("connected with " + withoutLogin(conn.ConnectedUrl()))
	s := &session{worker: w, live: ctx, subjects: f.subjects(), conn: conn, lost: lost, opened: make(chan error, 1)}
	linked, cut := context.WithCancel(ctx)
	defer cut()
	w.use(&link{conn, s.subjects, linked})
	defer w.use(nil)
	err = s.run(ctx)
	if err != nil && !conn.IsClosed() {
		w.closeModel()
		s.leave(err)
	}
	return err
}

// say notes something about the connection once.
func (w *Worker) say(text string) {
	if w.said != text {
		w.said = text
		w.Note(text)
	}
}

// use changes the connection. Answers that were not taken are sent again.
func (w *Worker) use(l *link) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.link = l
	close(w.changed)
	w.changed = make(chan struct{})
	if l == nil && w.loaded != nil {
		w.loaded.pause()
	}
}

// leave sends the answers that were not taken, and gives back what has none.
func (s *session) leave(why error) {
	w := s.worker
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	to := &link{s.conn, s.subjects, ctx}
	w.mu.Lock()
	left := slices.Collect(maps.Keys(w.inWork))
	w.mu.Unlock()
	for _, k := range left {
		if w.send(ctx, to, k.answer) {
			w.finish(to, k)
		}
	}
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

// state is the next beat.
func (w *Worker) state(inSession string, job int) beat {
	w.mu.Lock()
	defer w.mu.Unlock()
	var servers []string
	for _, s := range w.Spec.Servers {
		servers = append(servers, open.WithoutLogin(s))
	}
	b := beat{
		Protocol: Protocol, Build: w.Build, Worker: w.id, Node: w.node, Process: os.Getpid(), Model: w.Spec.Name,
		Server: strings.Join(servers, " "), InWork: len(w.inWork), Done: w.done, Failed: w.failed, Problem: w.problem,
	}
	if l := w.loaded; l != nil && inSession != "" {
		b.Session, b.Job, b.Opened, b.Counts = inSession, job, &l.about, l.model.Counts()
		b.Slots = l.model.AtOnce()
	}
	return b
}

// session is the time of one connection.
type session struct {
	worker   *Worker
	subjects subjects
	conn     *nats.Conn
	lost     chan struct{} // closed with the connection

	live    context.Context // of the worker
	order   order           // the last one
	opening string          // key of the model that is being opened; empty: none
	opened  chan error      // its result
}

// run exchanges beats and orders until the connection is lost.
func (s *session) run(ctx context.Context) error {
	w := s.worker
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	woken := func(*nats.Msg) { w.poke() }
	if _, err := s.conn.Subscribe(s.subjects.wake(), woken); err != nil {
		return nil // the connection is lost
	}
	if _, err := s.conn.Subscribe(s.subjects.after(), func(m *nats.Msg) { w.group.Go(func() { s.after(ctx, m) }) }); err != nil {
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
		case <-changes.C:
			if w.idle() {
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

// poke asks for a beat.
func (w *Worker) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// ended is the failure that ends the worker; nil: there is none.
func (w *Worker) ended() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fatal
}

// fail notes why the worker cannot work; empty: it can.
func (w *Worker) fail(problem string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if problem != "" && problem != w.problem {
		w.Note(problem + "; trying again")
	}
	w.problem = problem
}

// slots is the number of passages at once.
func (w *Worker) slots() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.loaded == nil {
		return 0
	}
	return w.loaded.model.AtOnce()
}

// extend extends the leases of all passages of this worker.
func (w *Worker) extend(conn *nats.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k := range w.inWork {
		if k.reply != "" {
			_ = conn.Publish(k.reply, []byte("+WPI"))
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
	data, err := encode(w.state(current, job))
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
	return s.obey(ctx, o)
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
		l.session, l.job, l.stream = o.Session, o.Job, ""
		w.mu.Unlock()
	case ready && l.stream != o.Stream:
		s.pull(ctx, l, o)
	case !ready && s.opening == "":
		s.opening = specKey(&o)
		w.mu.Lock()
		w.loaded = nil
		w.mu.Unlock()
		w.group.Go(func() {
			if l != nil {
				l.close()
			}
			s.opened <- parallel.Guard(func() error { return s.open(ctx, o) })
		})
	}
	return nil
}

// specKey identifies what a model was opened for.
func specKey(o *order) string {
	text, _ := json.Marshal([]any{o.Spec, o.Aggregation}) // it was read from JSON
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

// is reports whether the model is the one of an order.
func (l *loaded) is(o *order) bool {
	return o.Spec != nil && l.key == specKey(o) && (!l.trained || l.session == o.Session || l.session == "")
}

// pause stops pulling. It is called with the lock held.
func (l *loaded) pause() {
	if l.stop != nil {
		l.stop()
		l.stop = nil
	}
	l.stream = ""
}

// close ends the passages in work and closes the model.
func (l *loaded) close() {
	l.cancel() // which also stops pulling
	l.group.Wait()
	l.model.Close()
}

// open opens the model for the job of an order.
func (s *session) open(ctx context.Context, o order) error {
	w := s.worker
	spec, own := *o.Spec, w.Spec
	spec.Name, spec.Servers, spec.KeyFile, spec.Timeout, spec.Connections = own.Name, own.Servers, own.KeyFile, own.Timeout, own.Connections
	spec.Pull, spec.KeepAlive, spec.Local, spec.Getenv = own.Pull, own.KeepAlive, own.Local, own.Getenv
	spec.Local.Aggregation = o.Aggregation
	spec.Observe, spec.Log, spec.Retrying = w.Note, w.Note, own.Retrying
	trained := false
	spec.Train = func(ctx context.Context) (iter.Seq2[*ner.Document, error], func() string, error) {
		trained = true
		docs, data := s.lessons(ctx, o.Job)
		return docs, data, nil
	}
	opening, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the model stays open when the connection is lost
	defer context.AfterFunc(ctx, cancel)()
	model, err := open.Open(opening, spec)
	if err != nil {
		cancel()
		return err
	}
	l := &loaded{key: specKey(&o), trained: trained, model: model, about: model.Describe(), ctx: opening, cancel: cancel}
	w.mu.Lock()
	w.loaded = l
	w.mu.Unlock()
	return nil
}

// lessons streams the documents to train on.
func (s *session) lessons(ctx context.Context, job int) (docs iter.Seq2[*ner.Document, error], data func() string) {
	var fingerprint string
	return func(yield func(*ner.Document, error) bool) {
		for block := 0; ; block++ {
			r, err := s.lesson(ctx, lesson{Job: job, Block: block})
			if err != nil {
				yield(nil, err)
				return
			}
			if len(r.Documents) == 0 {
				fingerprint = r.Data
				return
			}
			for _, d := range r.Documents {
				if d == nil || d.Check(false) != nil {
					yield(nil, errors.New("fleet: malformed training document"))
					return
				}
				if !yield(d, nil) {
					return
				}
			}
		}
	}, func() string { return fingerprint }
}

func (s *session) lesson(ctx context.Context, l lesson) (r lessonReply, err error) {
	data, err := encode(l)
	if err != nil {
		return r, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.worker.Times.Lease)
	defer cancel()
	m, err := s.conn.RequestWithContext(ctx, s.subjects.lesson(), data)
	if err != nil {
		return r, fmt.Errorf("fleet: training documents: %w: %w", err, runners.ErrTemporary)
	}
	if err := decode(m.Data, &r); err != nil {
		return r, err
	}
	if r.Failure != "" {
		return r, fmt.Errorf("fleet: training documents: %s", r.Failure)
	}
	return r, nil
}

// after replies with metadata of the model.
func (s *session) after(ctx context.Context, m *nats.Msg) {
	w := s.worker
	w.mu.Lock()
	l := w.loaded
	mine := l != nil && fmt.Sprint(l.job) == string(m.Data)
	w.mu.Unlock()
	if !mine {
		return
	}
	texts, err := l.model.After(ctx)
	if err != nil || texts == nil {
		texts = map[string]string{}
	}
	if data, err := encode(texts); err == nil {
		_ = m.Respond(data)
	}
}

// pull starts to pull passages of a stream: one for each free slot.
func (s *session) pull(ctx context.Context, l *loaded, o order) {
	w := s.worker
	pulling, stop := context.WithCancel(ctx)
	w.mu.Lock()
	l.pause()
	l.stop, l.stream = stop, o.Stream
	w.mu.Unlock()
	context.AfterFunc(l.ctx, stop)
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
	_ = sub.Unsubscribe()
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
		a.Completions, a.Failure, a.Again = nil, err.Error(), true
	}
	k.answer = a
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
