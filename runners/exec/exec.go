// Package exec asks programs of any language: a program reads passages and writes answers
// as JSON Lines over its standard input and output. docs/exec.md describes the protocol.
//
// A runner has several workers, each with one process. A process that ends, hangs or
// breaks the protocol is replaced by a fresh one, and its passages are asked again.
package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/ner"
	"nerbench/runners"
)

// Config describes a program and the passages that it gets.
type Config struct {
	// Name is the name of the model, without "exec/". Command is the program with its
	// arguments, as [Split] returns them.
	Name    string
	Command []string
	// Workers is the number of processes; below 1 counts as 1.
	Workers int
	// Timeout is the time within which a process must say hello, and within which it must
	// answer a passage as long as it has any; 0: [DefaultTimeout].
	Timeout time.Duration
	Subject
	// Pause is the time before a process is started after the second failure in a row; it
	// doubles twice. 0: one second.
	Pause time.Duration
	// Grace is the time within which a process must end after the end of its input, or of
	// its output; 0: [DefaultGrace].
	Grace time.Duration
	// after is [time.After] for the deadlines of a process, except in tests.
	after func(*process, time.Duration) <-chan time.Time
}

// Subject is what a program is asked about, and who hears of it: the part of a [Config]
// that can change while the program is open ([Runner.Turn]).
type Subject struct {
	// Dataset is the id of the dataset, Labels are the native labels by type: the program
	// may use them.
	Dataset string
	Labels  map[ner.EntityType][]string
	// Decoding is sent to programs that answer as a language model does.
	Decoding runners.Decoding
	// Observe gets remarks, Log lines of standard error, Failed the failures after which a
	// passage is asked again; from several goroutines at once. nil: they are dropped.
	Observe, Log func(string)
	Failed       func(error)
}

// The time limits if none are set.
const (
	DefaultTimeout = 10 * time.Minute
	DefaultGrace   = 10 * time.Second
)

// errClosed is the error of passages of a closed runner.
var errClosed = errors.New("exec: the program was closed")

// Runner asks a program. It is a [runners.Runner].
type Runner struct {
	config      Config
	environment []string
	log         log
	hello       Hello
	batch       int
	digest      string
	shown       string // the command, for people
	subject     atomic.Pointer[Subject]
	unsound     atomic.Bool // a passage has no answer

	queue   chan *task
	closed  chan struct{}
	life    context.Context // until it is closed
	end     context.CancelFunc
	workers parallel.Group
	closing sync.Once
	credit  credit
}

// Open starts one process of a program and waits for its hello. Most errors have a
// [fault.Hint]. The runner must be closed.
func Open(ctx context.Context, c Config) (*Runner, error) {
	if len(c.Command) == 0 {
		return nil, errors.New("exec: no command")
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Pause <= 0 {
		c.Pause = time.Second
	}
	if c.Grace <= 0 {
		c.Grace = DefaultGrace
	}
	c.Workers = max(c.Workers, 1)
	return open(ctx, c, make(chan *task))
}

// open starts a program that is asked what is in a queue. All limits are set.
func open(ctx context.Context, c Config, queue chan *task) (*Runner, error) {
	r := &Runner{config: c, environment: environment(os.Environ()), queue: queue, closed: make(chan struct{}), credit: credit{left: firstCredit}}
	r.subject.Store(&c.Subject)
	r.log = log{show: r.show, secrets: append(secretsOf(os.Environ()), secretsIn(c.Command)...), room: linesAtOnce, grown: time.Now()}
	r.life, r.end = context.WithCancel(context.WithoutCancel(ctx)) // it lives longer than the call
	first := &worker{runner: r, name: r.nameOf(0)}
	p, h, err := r.start(ctx, first.name)
	if err != nil {
		r.end()
		return nil, r.wrap(err)
	}
	r.hello, r.batch = h, h.batch()
	if r.digest, r.shown, err = identify(ctx, c.Command, h); err != nil {
		p.kill()
		r.end()
		return nil, r.wrap(err)
	}
	first.process = p
	r.workers.Go(first.run)
	for i := range c.Workers - 1 {
		w := &worker{runner: r, name: r.nameOf(i + 1)}
		r.workers.Go(w.run)
	}
	return r, nil
}

// Turn lets an open program answer the passages of another configuration, while it is
// asked nothing. It returns false, and changes nothing, if the program must be opened again: it
// is another program, the files of its command have changed, or it is not [Runner.Sound]. It
// returns no error.
func (r *Runner) Turn(ctx context.Context, c Config) (bool, error) {
	before := r.config
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if !r.Sound() || c.Name != before.Name || !slices.Equal(c.Command, before.Command) || max(c.Workers, 1) != before.Workers || c.Timeout != before.Timeout {
		return false, nil
	}
	if digest, _, err := identify(ctx, c.Command, r.hello); err != nil || digest != r.digest {
		return false, nil
	}
	r.subject.Store(&c.Subject)
	r.credit.renew()
	return true, nil
}

// Sound reports whether the program has answered all that it was asked.
func (r *Runner) Sound() bool { return !r.unsound.Load() }

// nameOf names a process in the log.
func (r *Runner) nameOf(worker int) string {
	if r.config.Workers == 1 {
		return "exec/" + r.config.Name
	}
	return fmt.Sprintf("exec/%s, process %d", r.config.Name, worker+1)
}

// environment is that of the programs. Python writes each line at once, and in UTF-8,
// unless the user wants something else.
func environment(own []string) []string {
	env := slices.Clone(own)
	for _, variable := range []string{"PYTHONUTF8=1", "PYTHONUNBUFFERED=1"} {
		name, _, _ := strings.Cut(variable, "=")
		if !slices.ContainsFunc(own, func(v string) bool { return strings.HasPrefix(v, name+"=") }) {
			env = append(env, variable)
		}
	}
	return env
}

// start starts a process and waits for its hello.
func (r *Runner) start(ctx context.Context, name string) (*process, Hello, error) {
	if err := ctx.Err(); err != nil {
		return nil, Hello{}, err
	}
	p, err := begin(r.config.Command, r.environment, name, &r.log)
	if err != nil {
		return nil, Hello{}, err
	}
	h, err := p.hello(ctx, r.config.Timeout, r.config.Grace, func() { r.note(name + ": waiting for the hello of the program") })
	if err != nil {
		return nil, h, err
	}
	return p, h, nil
}

func (r *Runner) note(text string) {
	if observe := r.subject.Load().Observe; observe != nil {
		observe(text)
	}
}

func (r *Runner) show(text string) {
	if show := r.subject.Load().Log; show != nil {
		show(text)
	}
}

func (r *Runner) failed(err error) {
	if failed := r.subject.Load().Failed; failed != nil {
		failed(r.wrap(err))
	}
}

// wrap names the program in an error, which is one line without secrets. A hint stays
// outside, where it is found.
func (r *Runner) wrap(err error) error {
	var hint *fault.Hint
	wrapped := r.log.secrets.Hide(fmt.Errorf("exec/%s: %w", r.config.Name, err))
	if errors.As(err, &hint) {
		return &fault.Hint{Err: wrapped, Advice: hint.Advice}
	}
	return wrapped
}

// Hello is what the program said about itself.
func (r *Runner) Hello() Hello { return r.hello }

// Command is the command line as it may be shown to others: without folders of this
// machine and without secrets.
func (r *Runner) Command() string { return r.shown }

// AtOnce is the number of passages that all processes together take at once.
func (r *Runner) AtOnce() int { return r.config.Workers * r.batch }

// Close ends the processes. It waits some seconds for those that have answered all.
func (r *Runner) Close() {
	r.closing.Do(func() {
		close(r.closed)
		r.end()
		r.workers.Wait()
	})
}

// Complete implements [runners.Runner]. The queries of one passage are one question to a
// program that answers as a language model does, and one question each to others.
func (r *Runner) Complete(ctx context.Context, queries []ner.Query) (out []ner.Completion, err error) {
	defer func() {
		if err != nil {
			r.unsound.Store(true)
		}
	}()
	tasks, err := r.tasks(queries)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	defer func() {
		for _, t := range tasks {
			t.left.Store(true)
		}
	}()
	for _, t := range tasks {
		select {
		case r.queue <- t:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-r.closed:
			return nil, errClosed
		}
	}
	out = make([]ner.Completion, 0, len(queries))
	for _, t := range tasks {
		select {
		case got := <-t.done:
			if got.err != nil {
				return out, got.err
			}
			start := len(out)
			out = append(out, got.completions...)
			runners.Answered(ctx, queries[start:len(out)], got.completions)
		case <-ctx.Done():
			return out, ctx.Err()
		}
	}
	return out, nil
}

// tasks are the questions for some queries.
func (r *Runner) tasks(queries []ner.Query) ([]*task, error) {
	var tasks []*task
	for i := 0; i < len(queries); {
		n := 1
		t, err := r.task(&queries[i])
		if err != nil {
			return nil, r.wrap(runners.Mark(fmt.Errorf("query %d: %w", i, err), runners.ErrFatal))
		}
		if r.hello.Answers == Answers {
			for i+n < len(queries) && queries[i+n].Document != nil && queries[i+n].Document == queries[i].Document {
				n++
			}
		}
		t.queries = queries[i : i+n]
		body, err := json.Marshal(r.question(t))
		if err != nil { // the schema of a query is not JSON
			return nil, r.wrap(runners.Mark(fmt.Errorf("query %d: %w", i, err), runners.ErrFatal))
		}
		t.body = body[1:] // without the brace
		tasks = append(tasks, t)
		i += n
	}
	return tasks, nil
}

// task is a question with the first of its queries.
func (r *Runner) task(q *ner.Query) (*task, error) {
	t := &task{document: q.Document, types: q.Types, labels: r.subject.Load().Labels, done: make(chan result, 1)}
	switch {
	case r.hello.Answers != Answers:
		var err error
		if t.document, t.types, err = runners.SpansQuestion(q); err != nil {
			return nil, err
		}
	case t.document == nil:
		t.document = &ner.Document{}
	}
	return t, nil
}

// question is what the program is asked.
func (r *Runner) question(t *task) passage {
	subject := r.subject.Load()
	p := passage{Dataset: subject.Dataset, Text: t.document.Text, Types: []ner.EntityType{}, Labels: map[ner.EntityType][]string{}}
	points := ner.NewCodePoints(t.document.Text)
	for _, token := range t.document.Tokens {
		p.Tokens = append(p.Tokens, [2]int{points.CodePoint(token.Start), points.CodePoint(token.End)})
	}
	p.Types = append(p.Types, t.types...)
	if r.hello.Answers == Answers {
		for i := range t.queries {
			q := &t.queries[i]
			for _, typ := range q.Types {
				if !slices.Contains(p.Types, typ) {
					p.Types = append(p.Types, typ)
				}
			}
			p.Queries = append(p.Queries, query{
				Types: q.Types, Prompt: q.Prompt.Text, Messages: q.Prompt.Messages, Stop: q.Prompt.Stop, MaxTokens: q.Prompt.MaxTokens,
				Temperature: subject.Decoding.Temperature, Seed: subject.Decoding.Seed, Schema: q.Prompt.Schema,
			})
		}
	}
	for _, typ := range p.Types {
		if names := subject.Labels[typ]; len(names) > 0 {
			p.Labels[typ] = names
		}
	}
	return p
}

// credit ends a run whose program fails all the time: each failure costs one, each answer
// brings a part of it back.
type credit struct {
	mu   sync.Mutex
	left float64
}

const (
	firstCredit  = 10
	mostCredit   = 40
	answerCredit = 0.25
)

func (c *credit) renew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = firstCredit
}

func (c *credit) answered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = min(c.left+answerCredit, mostCredit)
}

// spend pays for a failure. It returns false if the program fails too often.
func (c *credit) spend() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left--
	return c.left >= 0
}
