package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/nats-io/nats.go"

	"nerbench/internal/parallel"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/open"
)

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
	before          map[string]int64 // what the model had counted before the job
	stop            func()           // stops pulling; nil: it is not pulled
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

// begin begins with the job of an order. It is called with the lock held.
func (l *loaded) begin(o order) {
	if l.session != "" { // else what was counted while the model was opened is part of it
		l.before = l.model.Counts()
	}
	l.session, l.job, l.stream = o.Session, o.Job, ""
}

// counts is what the model has counted in the job. It is called with the lock held.
func (l *loaded) counts() map[string]int64 {
	counts := map[string]int64{}
	for name, n := range l.model.Counts() {
		counts[name] = n - l.before[name]
	}
	return counts
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
	spec.Kept = &w.kept
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
	late := ctx.Err() // the next connection opens the model again
	if late == nil {
		w.loaded = l
	}
	w.mu.Unlock()
	if late != nil {
		l.close()
	}
	return late
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
