package llamacpp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp/llama"
)

// mostSequences is the largest number of queries at once: the library has
// librarySequences, and a query may need one for its prompt and one for its answer.
const (
	mostSequences    = librarySequences / 2
	librarySequences = 256
)

// errClosed is the error of queries to a closed runner.
var errClosed = errors.New("the model was closed")

// Usage counts the computed tokens.
type Usage struct {
	Prompts  int64 // tokens of all prompts
	Computed int64 // computed tokens of prompts
	Distinct int64 // different prefixes of the prompts: the least that must be computed
	Answers  int64 // tokens of answers
	Steps    int64 // batches
}

// engine owns the context of a model. Only its goroutine computes.
type engine struct {
	runner *Runner
	lib    *llama.Library
	ctx    llama.Context
	batch  *llama.Batch
	size   int // size of the vocabulary
	pieces [][]byte

	arrive  chan *passage
	closing chan struct{}
	ended   <-chan error // closed when it has ended

	waiting []*question // without memory, those that came first at the front
	running []*question // with memory
	tree    *prefixes
	cells   int       // of memory
	touched []*prefix // that have tokens in the batch
	seen    distinct
	broken  error // the library failed: no more queries are possible

	prompts, computed, least, answers, steps atomic.Int64
}

func newEngine(r *Runner, ctx llama.Context, cells, sequences int) *engine {
	lib := r.library.calls
	e := &engine{
		runner: r, lib: lib, ctx: ctx, cells: cells, size: int(lib.VocabSize(r.vocabulary)),
		batch:  lib.NewBatch(mostBatch),
		arrive: make(chan *passage), closing: make(chan struct{}),
	}
	e.tree = newPrefixes(lib, lib.ContextMemory(ctx), r.library.free, cells, sequences, r.recurrent())
	e.pieces = make([][]byte, e.size)
	return e
}

func (e *engine) usage() Usage {
	return Usage{e.prompts.Load(), e.computed.Load(), e.least.Load(), e.answers.Load(), e.steps.Load()}
}

// ask passes a passage to the engine and waits for its answers, or for the end of its
// context or of the engine.
func (e *engine) ask(ctx context.Context, p *passage) ([]ner.Completion, error) {
	if len(p.questions) == 0 {
		return p.answers, nil
	}
	select {
	case e.arrive <- p:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-e.ended:
		return nil, errClosed
	}
	<-p.done
	return p.completions(), p.err
}

// end stops the engine and frees its memory.
func (e *engine) end() {
	close(e.closing)
	<-e.ended
	e.runner.library.free(func() {
		e.lib.BatchFree(e.batch.BatchData)
		e.lib.ContextFree(e.ctx)
	})
}

// run computes until the engine is closed.
func (e *engine) run() {
	for e.receive() {
		if err := parallel.Guard(e.turn); err != nil {
			e.broken = err
			e.drop(func(*passage) error { return err })
		}
	}
	e.drop(func(*passage) error { return errClosed })
}

// turn computes the next tokens of the queries that are there.
func (e *engine) turn() error {
	e.dropCancelled()
	if err := e.admit(); err != nil {
		return err
	}
	if e.fill(); e.batch.Count == 0 {
		return nil
	}
	return e.step()
}

// receive takes new passages. If there is no other work, it waits for one. It returns
// false when the engine is closed.
func (e *engine) receive() bool {
	for {
		if len(e.waiting)+len(e.running) == 0 {
			select {
			case p := <-e.arrive:
				e.take(p)
			case <-e.closing:
				return false
			}
			continue
		}
		select {
		case p := <-e.arrive:
			e.take(p)
		case <-e.closing:
			return false
		default:
			return true
		}
	}
}

func (e *engine) take(p *passage) {
	if e.broken != nil {
		p.err = e.broken
		close(p.done)
		return
	}
	for _, q := range p.questions {
		e.seen.add(q.tokens)
	}
	e.least.Store(e.seen.count())
	e.waiting = append(e.waiting, p.questions...)
}

// dropCancelled ends the passages whose context has ended.
func (e *engine) dropCancelled() { e.drop(func(p *passage) error { return p.ctx.Err() }) }

// drop ends the passages for which why returns an error.
func (e *engine) drop(why func(*passage) error) {
	for _, q := range slices.Concat(e.waiting, e.running) {
		if p := q.passage; p.err == nil {
			if p.err = why(p); p.err == nil {
				continue
			}
			e.waiting = slices.DeleteFunc(e.waiting, func(q *question) bool { return q.passage == p })
			for _, q := range slices.Clone(e.running) {
				if q.passage == p {
					e.release(q)
				}
			}
			close(p.done)
		}
	}
}

// admit starts queries, in their order, while there are places and memory. A query gets
// all memory that it may need, so it can always finish, and after it the others.
func (e *engine) admit() error {
	for len(e.waiting) > 0 && len(e.running) < e.runner.config.Sequences {
		q := e.waiting[0]
		if !e.tree.enter(q) {
			if len(e.running) == 0 {
				return fmt.Errorf("no memory for a prompt of %d tokens: %w", len(q.tokens), runners.ErrFatal)
			}
			return nil
		}
		e.waiting = e.waiting[1:]
		e.running = append(e.running, q)
		e.prompts.Add(int64(len(q.tokens)))
		var err error
		if q.sampler, err = newSampler(e.lib, e.runner.vocabulary, e.runner.config.Decoding, q.grammar); err != nil {
			e.drop(func(p *passage) error {
				if p == q.passage {
					return fmt.Errorf("%w: %w", err, runners.ErrFatal)
				}
				return nil
			})
		}
	}
	return nil
}

// fill fills the batch: with the last token of every answer, then with prompts.
func (e *engine) fill() {
	e.batch.Count, e.touched = 0, e.touched[:0]
	for _, q := range e.running {
		if q.written > 0 {
			e.addLast(q, q.last)
		}
	}
	for _, q := range e.running {
		if q.written == 0 {
			e.addPrompt(q)
		}
	}
}

// addPrompt adds the next tokens of a prompt. A part that other prompts have is computed
// before the rest.
func (e *engine) addPrompt(q *question) {
	n := q.node.next()
	if n != nil {
		e.addNode(n)
		if n != q.node || n.read < len(n.tokens) {
			return
		}
	}
	if n != nil && n.owner != q || e.batch.Room() == 0 {
		return
	}
	if q.pos = llama.Pos(q.node.end()); q.node.owner == q {
		e.tree.begin(q.node)
	} else {
		e.tree.copyTo(q.node, q.seq)
	}
	e.addLast(q, q.tokens[len(q.tokens)-1])
	e.computed.Add(1)
}

// addNode adds the next tokens of a node, the path to which is computed.
func (e *engine) addNode(n *prefix) {
	count := min(len(n.tokens)-n.read, e.batch.Room())
	if count == 0 {
		return
	}
	e.tree.begin(n)
	for _, t := range n.tokens[n.read : n.read+count] {
		e.batch.Add(t, llama.Pos(n.start+n.read), n.seq, false)
		n.read++
	}
	e.touched = append(e.touched, n)
	e.computed.Add(int64(count))
}

// addLast adds the token that the answer continues.
func (e *engine) addLast(q *question, t llama.Token) {
	q.logits = e.batch.Count
	e.batch.Add(t, q.pos, q.seq, true)
	q.pos++
}

// step computes the batch and continues the answers.
func (e *engine) step() error {
	e.steps.Add(1)
	e.runner.library.log.take()
	var code int32
	if err := e.runner.library.try(func() { code = e.lib.Decode(e.ctx, e.batch.BatchData) }); err != nil {
		return &fault.Hint{Err: fmt.Errorf("computation failed: %w: %w", err, runners.ErrFatal), Advice: mayBeDamaged}
	}
	if code != 0 {
		reason := e.runner.library.log.reason()
		if reason == "" {
			reason = "no reason given"
		}
		return &fault.Hint{Err: fmt.Errorf("computation failed with code %d: %s: %w", code, reason, runners.ErrFatal), Advice: outOfMemory}
	}
	for _, n := range e.touched {
		n.done = n.read
	}
	for _, q := range slices.Clone(e.running) {
		if q.logits < 0 {
			continue
		}
		if err := e.extend(q); err != nil {
			return err
		}
	}
	return nil
}

// extend adds a token to an answer.
func (e *engine) extend(q *question) error {
	place := q.logits
	q.logits = -1
	logits := e.lib.Logits(e.ctx, place, e.size)
	if logits == nil {
		return fmt.Errorf("the library returned no logits for token %d of a batch: %w", place, runners.ErrFatal)
	}
	t := q.sampler.choose(e.ctx, logits, place, e.ends)
	q.written++
	e.answers.Add(1)
	if e.ends(t) {
		e.finish(q, ner.FinishStop)
		return nil
	}
	before := len(q.text)
	q.text = append(q.text, e.piece(t)...)
	if at := firstStop(q.text, before, q.stop); at >= 0 {
		q.text = q.text[:at]
		e.finish(q, ner.FinishStop)
		return nil
	}
	if q.written >= q.most {
		e.finish(q, ner.FinishLength)
		return nil
	}
	q.last = t
	return nil
}

func (e *engine) ends(t llama.Token) bool { return e.lib.TokenEnds(e.runner.vocabulary, t) }

// piece is the text of a token. Control tokens have no text.
func (e *engine) piece(t llama.Token) []byte {
	if e.pieces[t] == nil {
		e.pieces[t] = e.lib.Piece(e.runner.vocabulary, t)
	}
	return e.pieces[t]
}

// firstStop is the position of the first stop string in a text; -1: there is none. The
// part before was searched already.
func firstStop(text []byte, before int, stops []string) int {
	first := -1
	for _, stop := range stops {
		if stop == "" {
			continue
		}
		from := max(before-len(stop)+1, 0)
		if i := bytes.Index(text[from:], []byte(stop)); i >= 0 && (first < 0 || from+i < first) {
			first = from + i
		}
	}
	return first
}

// finish stores an answer, hands it over, and frees its sequence.
func (e *engine) finish(q *question, why ner.Finish) {
	p := q.passage
	text, thinking := string(q.text), ""
	if e.runner.config.Decoding.Think {
		thinking, text = splitThinking(text)
	}
	p.answers[q.index] = ner.Completion{
		Text: text, Thinking: thinking, Finish: why, PromptTokens: len(q.tokens), AnswerTokens: q.written, Duration: time.Since(q.begin),
	}
	p.answered[q.index] = true
	runners.Answered(p.ctx, p.queries[q.index:][:1], p.answers[q.index:][:1])
	e.release(q)
	if p.open--; p.open == 0 {
		close(p.done)
	}
}

// splitThinking splits an answer at the end of its thinking. The opening tag may be
// missing, because some templates write it into the prompt.
func splitThinking(text string) (thinking, answer string) {
	before, after, ok := strings.Cut(text, "</think>")
	if !ok {
		return "", text
	}
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(before), "<think>")), strings.TrimLeft(after, "\n")
}

// release frees the sequence and the memory of a query.
func (e *engine) release(q *question) {
	e.runner.library.free(q.sampler.free)
	e.tree.leave(q)
	e.running = slices.DeleteFunc(e.running, func(other *question) bool { return other == q })
}
