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

// mostSequences is the largest number of queries at once: the library has 256
// sequences, and the prefixes of passages need as many as the queries.
const mostSequences = 128

// errClosed is the error of queries to a closed runner.
var errClosed = errors.New("the model was closed")

// Usage counts the computed tokens.
type Usage struct {
	Prompts  int64 // tokens of all prompts
	Computed int64 // computed tokens of prompts: a common prefix counts once
	Answers  int64 // tokens of answers
	Steps    int64 // batches
}

// engine owns the context of a model. Only its goroutine computes.
type engine struct {
	runner *Runner
	lib    *llama.Library
	ctx    llama.Context
	memory llama.Memory
	batch  *llama.Batch
	size   int // size of the vocabulary
	pieces [][]byte

	arrive  chan *passage
	closing chan struct{}
	ended   <-chan error // closed when it has ended

	waiting []*passage  // not started
	active  []*passage  // their prefix is in memory, or has memory reserved
	running []*question // queries with a sequence
	cells   int         // free cells of memory
	forQ    []llama.SeqID
	forP    []llama.SeqID
	broken  error // the library failed: no more queries are possible

	prompts, computed, answers, steps atomic.Int64
}

func newEngine(r *Runner, ctx llama.Context, cells int) *engine {
	lib := r.library.calls
	e := &engine{
		runner: r, lib: lib, ctx: ctx, memory: lib.ContextMemory(ctx), cells: cells, size: int(lib.VocabSize(r.vocabulary)),
		batch:  lib.NewBatch(mostBatch),
		arrive: make(chan *passage), closing: make(chan struct{}),
	}
	e.pieces = make([][]byte, e.size)
	for i := range r.config.Sequences {
		e.forQ = append(e.forQ, llama.SeqID(i))
		e.forP = append(e.forP, llama.SeqID(r.config.Sequences+i))
	}
	return e
}

func (e *engine) usage() Usage {
	return Usage{e.prompts.Load(), e.computed.Load(), e.answers.Load(), e.steps.Load()}
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
	e.admit()
	e.begin()
	if e.fill(); e.batch.Count == 0 {
		return nil
	}
	return e.step()
}

// receive takes new passages. If there is no other work, it waits for one. It returns
// false when the engine is closed.
func (e *engine) receive() bool {
	for {
		if len(e.waiting)+len(e.active) == 0 {
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
	e.waiting = append(e.waiting, p)
}

// dropCancelled ends the passages whose context has ended.
func (e *engine) dropCancelled() { e.drop(func(p *passage) error { return p.ctx.Err() }) }

// drop ends the passages for which why returns an error.
func (e *engine) drop(why func(*passage) error) {
	for _, p := range slices.Concat(e.waiting, e.active) {
		err := why(p)
		if err == nil {
			continue
		}
		p.err = err
		for _, q := range slices.Clone(e.running) {
			if q.passage == p {
				e.release(q)
			}
		}
		e.leave(p)
	}
}

// admit starts passages while the active ones cannot fill all sequences. A passage needs
// memory for its prefix and for its largest query. So the last one can always finish,
// and after it the others.
func (e *engine) admit() {
	begun := len(e.running)
	for _, p := range e.active {
		begun += len(p.questions) - p.next
	}
	for len(e.waiting) > 0 && len(e.forP) > 0 && begun < 2*e.runner.config.Sequences {
		p := e.waiting[0]
		if len(p.shared)+p.largest() > e.cells {
			return
		}
		e.waiting = e.waiting[1:]
		e.cells -= len(p.shared)
		p.seq, e.forP = e.forP[0], e.forP[1:]
		e.active = append(e.active, p)
		begun += len(p.questions)
	}
}

// begin gives free sequences to queries, those of the first passage first.
func (e *engine) begin() {
	for _, p := range e.active {
		if p.read < len(p.shared) {
			continue
		}
		for p.next < len(p.questions) && len(e.forQ) > 0 && p.questions[p.next].need() <= e.cells {
			q := p.questions[p.next]
			p.next++
			e.cells -= q.need()
			q.seq, e.forQ = e.forQ[0], e.forQ[1:]
			e.running = append(e.running, q)
			if err := e.open(q); err != nil {
				e.drop(func(other *passage) error {
					if other == p {
						return err
					}
					return nil
				})
				return // the list of passages has changed
			}
		}
	}
}

// open prepares the sequence of a query: it copies the prefix of the passage.
func (e *engine) open(q *question) (err error) {
	p := q.passage
	if len(p.shared) > 0 {
		e.lib.MemoryCopy(e.memory, p.seq, q.seq, -1, -1)
	}
	q.pos, q.pending = llama.Pos(len(p.shared)), q.suffix
	e.prompts.Add(int64(q.prompt))
	if q.sampler, err = newSampler(e.lib, e.runner.vocabulary, e.runner.config.Decoding, q.grammar); err != nil {
		return fmt.Errorf("%w: %w", err, runners.ErrFatal)
	}
	return nil
}

// fill fills the batch: with the last token of every answer, then with queries, then
// with prefixes.
func (e *engine) fill() {
	e.batch.Count = 0
	for _, answering := range []bool{true, false} {
		for _, q := range e.running {
			if (q.written > 0) == answering {
				e.addPending(q)
			}
		}
	}
	for _, p := range e.active {
		n := min(len(p.shared)-p.read, e.batch.Room())
		for _, t := range p.shared[p.read : p.read+n] {
			e.batch.Add(t, llama.Pos(p.read), p.seq, false)
			p.read++
		}
		e.computed.Add(int64(n))
	}
}

func (e *engine) addPending(q *question) {
	n := min(len(q.pending), e.batch.Room())
	for i, t := range q.pending[:n] {
		last := i == len(q.pending)-1
		if last {
			q.logits = e.batch.Count
		}
		e.batch.Add(t, q.pos, q.seq, last)
		q.pos++
	}
	if q.written == 0 {
		e.computed.Add(int64(n))
	}
	q.pending = q.pending[n:]
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
	q.pending = append(q.pending[:0:0], t)
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
		Text: text, Thinking: thinking, Finish: why, PromptTokens: q.prompt, AnswerTokens: q.written, Duration: time.Since(q.begin),
	}
	p.answered[q.index] = true
	runners.Answered(p.ctx, p.queries[q.index:][:1], p.answers[q.index:][:1])
	e.release(q)
	if p.open--; p.open == 0 {
		e.leave(p)
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
	e.runner.library.free(func() {
		e.lib.MemoryRemove(e.memory, q.seq, -1, -1) // removing a whole sequence cannot fail
		q.sampler.free()
	})
	e.cells += q.need()
	e.forQ = append(e.forQ, q.seq)
	e.running = slices.DeleteFunc(e.running, func(other *question) bool { return other == q })
}

// leave ends a passage.
func (e *engine) leave(p *passage) {
	if i := slices.Index(e.active, p); i >= 0 {
		e.runner.library.free(func() {
			e.lib.MemoryRemove(e.memory, p.seq, -1, -1) // removing a whole sequence cannot fail
		})
		e.cells += len(p.shared)
		e.forP = append(e.forP, p.seq)
		e.active = slices.Delete(e.active, i, i+1)
	} else if i := slices.Index(e.waiting, p); i >= 0 {
		e.waiting = slices.Delete(e.waiting, i, i+1)
	}
	close(p.done)
}
