package fleet

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"nerbench/internal/fault"
	"nerbench/internal/lock"
	"nerbench/internal/parallel"
	"nerbench/runners/open"
)

// Config describes a coordinator. Exactly one of Listen and Queue is set.
type Config struct {
	Listen string // address and port of the embedded server
	Queue  string // address of a NATS server
	Token  string // of the embedded server; empty: a random one
	// Store is the file of the store; the file for workers is beside it.
	Store string
	// WaitWorkers is how long to wait while there are no workers; 0: 30 minutes.
	WaitWorkers time.Duration
	// Several: other models are asked in turn, so that workers of another model wait.
	Several bool
	Build   string // of this program
	Times   Times
	// Note is called with messages for the user, from several goroutines at once.
	Note func(string)
}

// Coordinator asks models by the workers that join it. It implements [open.Elsewhere].
type Coordinator struct {
	config   Config
	session  string
	path     string // of the file for workers
	lock     *lock.Lock
	server   *embedded // nil: the server of the user
	file     file
	subjects subjects
	conn     *nats.Conn
	stream   jetstream.JetStream
	run      context.Context // of the command; once it has ended, the run stays incomplete
	live     context.Context // ends with the coordinator
	cancel   context.CancelFunc
	group    parallel.Group // of what goes on in the background, see background
	closed   sync.Once
	started  bool // workers can join

	mu      sync.Mutex
	closing bool               // nothing more starts in the background
	members map[string]*member // by id
	job     *job               // nil: none at the moment
	jobs    int                // since the start
	asks    uint64
	early   map[string]*nats.Msg // answers to passages that are not asked yet, by their ids
	size    int                  // of early, in bytes
	// unstored are the passages whose answers were taken, but are not stored yet, by their
	// ids. Those that cannot be stored stay: their workers keep the answers.
	unstored map[string]*pending
	// awaited are the workers of the former coordinator that have not offered yet what they
	// keep: their names, by their ids.
	awaited  map[string]string
	unlisted bool      // the list of workers cannot be written
	left     bool      // a passage was left without an answer
	alone    time.Time // since when there are no workers; zero: there are
	said     time.Time // of the last note about it
}

// Start starts a coordinator. It must be closed.
func Start(ctx context.Context, config Config) (started *Coordinator, err error) {
	config.Times = config.Times.withDefaults()
	config.WaitWorkers = cmp.Or(config.WaitWorkers, 30*time.Minute)
	if config.Note == nil {
		config.Note = func(string) {}
	}
	c := &Coordinator{
		config: config, session: rand.Text(), path: config.Store + FileSuffix, run: ctx, members: map[string]*member{}, early: map[string]*nats.Msg{}, unstored: map[string]*pending{},
		alone: time.Now(), said: time.Now(),
	}
	c.live, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	if c.lock, err = lockStore(ctx, c.path); err != nil {
		return nil, err
	}
	if config.Queue == "" {
		err = c.listen()
	} else {
		err = c.use(ctx)
	}
	if err != nil {
		return nil, err
	}
	c.awaitFormer()
	if _, err := c.conn.Subscribe(c.subjects.up(), func(m *nats.Msg) {
		if err := parallel.Guard(func() error { c.receive(m); return nil }); err != nil {
			c.config.Note(err.Error())
		}
	}); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	if _, err := c.conn.Subscribe("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.*.*", func(m *nats.Msg) {
		_ = parallel.Guard(func() error { c.undeliverable(m); return nil })
	}); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	if err := c.conn.FlushTimeout(10 * time.Second); err != nil { // workers that read the file reach it
		return nil, fmt.Errorf("fleet: %w", err)
	}
	if err := c.file.write(c.path); err != nil {
		return nil, fmt.Errorf("fleet: %s: %w", c.path, err)
	}
	c.started = true
	c.group.Go(c.watch)
	c.wake()
	if config.Queue != "" {
		c.group.Go(c.audit)
	}
	c.sayWhere()
	return c, nil
}

// audit looks for a queue that was lost while the connection stayed: a cluster may lose the
// server that had it.
func (c *Coordinator) audit() {
	for ticks := time.Tick(c.config.Times.Lease); ; {
		select {
		case <-c.live.Done():
			return
		case <-ticks:
			if c.conn.IsConnected() {
				c.restore()
			}
		}
	}
}

// background runs f until the end of the coordinator, which waits for it. It is called with
// the lock held.
func (c *Coordinator) background(f func()) {
	if !c.closing {
		c.group.Go(f)
	}
}

// lockStore keeps a second coordinator away from a store. The lock ends with the process.
func lockStore(ctx context.Context, path string) (*lock.Lock, error) {
	free, busy := context.WithCancel(ctx)
	defer busy()
	l, err := lock.Take(free, path+".lock", busy)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.Canceled) {
		other := ""
		if f, err := readFile(path); err == nil {
			other = fmt.Sprintf(": process %d on %s, %s", f.Process, f.Host, f.place())
		}
		return nil, fmt.Errorf("%s: the store has a coordinator already%s", strings.TrimSuffix(path, FileSuffix), other)
	}
	return l, err
}

// listen starts the embedded server.
func (c *Coordinator) listen() (err error) {
	if c.server, err = startServer(c.config.Listen, c.config.Token); err != nil {
		return err
	}
	c.file = c.server.file
	c.subjects = c.file.subjects()
	c.conn, err = nats.Connect("", nats.InProcessServer(c.server.server), nats.Token(c.file.Token), nats.Name("nerbench coordinator"),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	c.stream, err = jetstream.New(c.conn)
	return err
}

// use connects to the server of the user.
func (c *Coordinator) use(ctx context.Context) error {
	f, err := readAddress(c.config.Queue)
	if err != nil {
		return err
	}
	c.file, c.subjects = *f, f.subjects()
	c.file.Host, _ = os.Hostname()
	c.file.Process = os.Getpid()
	if c.conn, err = f.connect(ctx, "nerbench coordinator", nats.MaxReconnects(-1), nats.ReconnectWait(c.config.Times.Dial),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				c.config.Note(fmt.Sprintf("--queue %s: the connection is lost: %v; trying again", f.place(), err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { c.restore() })); err != nil {
		return &fault.Hint{Err: fmt.Errorf("--queue %s: %w", f.place(), err), Advice: "start it: nats-server -js; or let this program be the queue: --listen"}
	}
	if c.stream, err = jetstream.New(c.conn); err != nil {
		return err
	}
	if other, err := c.conn.Request(c.subjects.workers(), []byte("{}"), 2*time.Second); err == nil {
		var list Workers
		_ = decode(other.Data, &list)
		return &fault.Hint{
			Err:    fmt.Errorf("--queue %s: the fleet %q has a coordinator already, on %s", f.place(), f.Name, cmp.Or(list.Coordinator, "an unknown host")),
			Advice: "give each fleet a name: " + f.place() + "/NAME",
		}
	}
	if _, err := c.stream.AccountInfo(ctx); err != nil {
		return &fault.Hint{Err: fmt.Errorf("--queue %s: %w", f.place(), err), Advice: "the server needs JetStream: nats-server -js"}
	}
	return c.removeStreams(ctx)
}

// removeStreams removes what earlier coordinators of the fleet left in the server.
func (c *Coordinator) removeStreams(ctx context.Context) error {
	names := c.stream.StreamNames(ctx)
	var old []string
	for name := range names.Name() {
		if strings.HasPrefix(name, c.subjects.streams()) {
			old = append(old, name)
		}
	}
	if err := names.Err(); err != nil {
		return fmt.Errorf("--queue %s: %w", c.file.place(), err)
	}
	for _, name := range old {
		if err := c.stream.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("--queue %s: %w", c.file.place(), err)
		}
	}
	return nil
}

// sayWhere notes how workers join.
func (c *Coordinator) sayWhere() {
	where := c.path
	if c.config.Queue != "" {
		where = c.file.place()
		if c.file.Name != "fleet" {
			where += "/" + c.file.Name
		}
	}
	text := fmt.Sprintf("workers join with: nerbench worker --join %s -m MODEL", where)
	if c.file.Certificate != "" {
		text = fmt.Sprintf("listening on %s, with TLS; ", c.server.server.Addr()) + text
		if c.config.Token == "" {
			text += fmt.Sprintf(" (no token was given: one was made, it is in %s)", filepath.Base(c.path))
		}
	}
	c.config.Note(text)
}

// Close ends the coordinator and its server. The workers wait for another one.
func (c *Coordinator) Close() { c.closed.Do(c.close) }

func (c *Coordinator) close() {
	c.mu.Lock()
	c.closing = true
	if c.job != nil {
		c.job.end(errEnded)
	}
	c.mu.Unlock()
	c.cancel()
	c.group.Wait()
	if c.conn != nil {
		c.mu.Lock()
		if !c.incomplete() && len(c.unstored) == 0 { // their passages were complete before; else the next coordinator asks them
			for _, m := range c.early {
				_ = m.Respond([]byte(taken))
			}
		}
		c.mu.Unlock()
		_ = c.conn.FlushTimeout(time.Second)
		c.conn.Close()
	}
	if c.server != nil {
		c.server.stop()
	}
	if c.lock != nil { // the files are those of this coordinator, or of one that was killed
		_ = os.Remove(c.path)
		c.mu.Lock()
		if c.started && !c.incomplete() && len(c.unstored) == 0 {
			c.removeRoster()
		}
		c.mu.Unlock()
		_ = c.lock.Release()
	}
}

// Open opens a model on the workers. It waits for the first worker.
func (c *Coordinator) Open(ctx context.Context, s open.Spec) (*open.Model, error) {
	named, err := s.NamedWeights(ctx)
	if err != nil {
		return nil, err
	}
	if named.Digest != "" {
		s.Named = &named
	}
	c.mu.Lock()
	c.jobs++
	number := c.jobs
	c.mu.Unlock()
	j, err := newJob(ctx, c, number, s)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.job = j
	c.mu.Unlock()
	c.wake()
	select {
	case <-j.opened:
	case <-j.over:
		j.close()
		return nil, j.why
	case <-ctx.Done():
		j.close()
		return nil, ctx.Err()
	}
	if id := j.model.Identity; id.Digest == "" && id.Address != "" {
		s.Observe(fmt.Sprintf("%s is identified by its name and the addresses of its servers: its answers will not join those of other servers (--weights identifies it by its weights)", id.Model))
	}
	return j.model.Model(s.Name, open.Remote{Runner: j, Slots: j.slots, Counts: j.counts, After: j.after, Close: j.close}), nil
}

// wake makes all workers send a beat now.
func (c *Coordinator) wake() { _ = c.conn.Publish(c.subjects.wake(), nil) }

// receive handles a message of a worker, or of anyone else.
func (c *Coordinator) receive(m *nats.Msg) {
	switch m.Subject {
	case c.subjects.beat():
		var b beat
		if decode(m.Data, &b) == nil && b.Worker != "" {
			c.reply(m, c.order(b))
		}
	case c.subjects.claim():
		var claim claim
		if decode(m.Data, &claim) == nil && claim.Session == c.session {
			c.claimed(m, claim)
		}
	case c.subjects.answer():
		var a answer
		if decode(m.Data, &a) == nil {
			c.answered(m, &a)
		}
	case c.subjects.lesson():
		var l lesson
		if decode(m.Data, &l) == nil {
			c.teach(m, l)
		}
	case c.subjects.workers():
		c.reply(m, c.Workers())
	}
}

func (c *Coordinator) reply(m *nats.Msg, v any) {
	if m.Reply == "" {
		return
	}
	data, err := encode(v)
	if err != nil {
		c.config.Note(err.Error())
		return
	}
	_ = m.Respond(data) // a lost reply is asked for again
}

// restore makes the queue again if the server of the user has lost it.
func (c *Coordinator) restore() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.job != nil {
		c.background(c.job.restore)
	}
}
