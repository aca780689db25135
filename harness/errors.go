package harness

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// ErrorKind is a kind of error of a run: one of the taxonomy of docs/spec/metrics.md
// §5, or an answer that cannot be parsed.
type ErrorKind string

// The kinds of errors.
const (
	KindMissed     ErrorKind = "missed"     // gold without a prediction
	KindSpurious   ErrorKind = "spurious"   // a prediction without gold
	KindBoundary   ErrorKind = "boundary"   // overlap, same type
	KindType       ErrorKind = "type"       // same span, other type
	KindBoth       ErrorKind = "both"       // overlap, other type
	KindUnreadable ErrorKind = "unreadable" // an answer that counts as failed (§8.2)
	// KindRight is no error: the entity is correct.
	KindRight ErrorKind = "right"
)

// ErrorKinds lists the kinds of errors, without [KindRight].
var ErrorKinds = []ErrorKind{KindMissed, KindSpurious, KindBoundary, KindType, KindBoth, KindUnreadable}

var kindOfClass = map[metrics.Class]ErrorKind{
	metrics.Correct: KindRight, metrics.TypeError: KindType, metrics.BoundaryError: KindBoundary,
	metrics.BothErrors: KindBoth, metrics.Missed: KindMissed, metrics.Spurious: KindSpurious,
}

// ErrorsRequest selects errors of a run. Runs are named by the beginning of their ids.
type ErrorsRequest struct {
	Run string
	// Against is another run on the same passages; may be empty. Only errors that it did
	// not make are kept: gold entities that it found, wrong predictions that it did not
	// make, and queries whose types it answered readably. Passages that it has not
	// completed are left out.
	Against string
	// Type keeps errors whose gold or predicted type it is, and unreadable answers about
	// it; empty: every type.
	Type ner.EntityType
	// Kinds keeps errors of these kinds; empty: all. [KindBoundary] and [KindType] also
	// keep [KindBoth].
	Kinds []ErrorKind
	Limit int // passages in the list; 0: all
}

// RunErrors are the errors of a run by span_f1.
type RunErrors struct {
	Run, Model, Dataset string
	Against             string // id of the other run; empty without one
	// AgainstModel is the model of the other run.
	AgainstModel string
	// Passages is the number of examined passages, Wrong that of those with a selected
	// error. All of them may be more than the list has.
	Passages, Wrong int
	// Incomplete is the number of passages of the run without all answers, and
	// AgainstMissing that of examined passages less for the other run.
	Incomplete, AgainstMissing int
	// Answered is the date that pages show ([Bench.ShownDate]).
	Answered time.Time
	// Unfinished is set if the run has ended with incomplete passages: queries failed.
	Unfinished bool
	// Counts are the selected errors by kind, in all passages.
	Counts map[ErrorKind]int
	List   []WrongPassage
	// Publishable is set if the text of the dataset may be shown to others
	// ([datasets.Dataset.MayShow]).
	Publishable bool
}

// WrongPassage is a passage with a selected error.
type WrongPassage struct {
	Document *ner.Document
	// Errors are the selected errors, Others the correct entities and the other errors.
	// Both are ordered by position; mentions that are not in the text come last.
	Errors, Others []PassageError
	Run            Predicted
	Against        *Predicted // of the other run; may be nil
}

// PassageError is one error, or a correct entity.
type PassageError struct {
	Kind ErrorKind
	// Match is the entity with its partner; zero for unreadable answers.
	metrics.Match
	Answer *ReadAnswer // the unreadable answer; nil for entities
}

// Predicted is the prediction of a run about one passage.
type Predicted struct {
	Spans     []ner.Span
	Unaligned []ner.Mention // not found in the text
	// Answers are the raw answers; nil if the model answers with spans.
	Answers []ReadAnswer
}

// ReadAnswer is a raw answer with the result of its parser.
type ReadAnswer struct {
	Types      []ner.EntityType
	Completion ner.Completion
	Outcome    ner.Outcome
	Dropped    []ner.Dropped
}

// Errors lists the errors of a run, passage by passage, by span_f1 with the run's own
// parser. It needs the data of the run.
func (b *Bench) Errors(ctx context.Context, r ErrorsRequest) (*RunErrors, error) {
	for _, k := range r.Kinds {
		if !slices.Contains(ErrorKinds, k) {
			return nil, fault.Usagef("kind %q: unknown%s", k, ner.Choices(k, ErrorKinds))
		}
	}
	store, err := b.ReadStore(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	run, err := store.Find(ctx, r.Run)
	if err != nil {
		return nil, err
	}
	dataset, err := b.FindDataset(run.Keys["dataset"])
	if err != nil {
		return nil, err
	}
	if types := dataset.Types(); r.Type != "" && !slices.Contains(types, r.Type) {
		return nil, fault.Usagef("type %q: dataset %s has no such type%s", r.Type, dataset.ID, ner.Choices(r.Type, types))
	}
	date, err := b.ShownDate([]results.RunInfo{run})
	if err != nil {
		return nil, err
	}
	list := &errorList{ErrorsRequest: r, found: &RunErrors{
		Answered: date,
		Run:      run.ID, Model: run.Keys["model"], Dataset: dataset.ID, Incomplete: run.Passages - run.Complete,
		Unfinished: run.State == results.Partial, Counts: map[ErrorKind]int{}, Publishable: dataset.MayShow(datasets.PublishText),
	}}
	if r.Against != "" {
		if err := b.readAgainst(ctx, store, run, list); err != nil {
			return nil, fmt.Errorf("--against: %w", err)
		}
	}
	err = b.predictions(ctx, store, run, func(p ner.Passage, d *ner.Document, u *loop.ParsedPassage, own Predicted) {
		list.add(p, d, u, own)
	})
	if err != nil {
		return nil, err
	}
	return list.found, nil
}

// readAgainst reads the predictions of the other run.
func (b *Bench) readAgainst(ctx context.Context, store *results.Store, run results.RunInfo, list *errorList) error {
	other, err := store.Find(ctx, list.Against)
	if err != nil {
		return err
	}
	pairs, err := commonPassages(ctx, store, run, other)
	if err != nil {
		return err
	}
	own := map[int]int{} // index in the run, by the index in the other run
	for _, p := range pairs {
		own[p.b] = p.a
	}
	list.other = map[int]Predicted{}
	list.found.Against, list.found.AgainstModel = other.ID, other.Keys["model"]
	return b.predictions(ctx, store, other, func(p ner.Passage, _ *ner.Document, _ *loop.ParsedPassage, theirs Predicted) {
		if index, common := own[p.Index]; common {
			list.other[index] = theirs
		}
	})
}

// predictions parses the stored answers of a run by span_f1, and passes each complete
// passage on, in order.
func (b *Bench) predictions(ctx context.Context, store *results.Store, run results.RunInfo, each func(ner.Passage, *ner.Document, *loop.ParsedPassage, Predicted)) error {
	plan, err := b.ScorePlan(ctx, store, run.ID)
	if err != nil {
		return err
	}
	parser, err := loop.NewPassageParser(plan.Parsing)
	if err != nil {
		return err
	}
	spans := parser.HasSpans()
	plan.Metrics = []string{reports.SpanF1}
	plan.Observe = func(p ner.Passage, d *ner.Document, u loop.ParsedPassage) {
		out := Predicted{Spans: u.Passage.Pred, Unaligned: u.Passage.Unaligned}
		for i, a := range p.Answers {
			if read := u.Predictions[i]; !spans || read.Outcome.Failure() {
				out.Answers = append(out.Answers, ReadAnswer{a.Types, a.Completion, read.Outcome, read.Dropped})
			}
		}
		each(p, d, &u, out)
	}
	_, err = loop.Score(ctx, plan)
	return err
}

// errorList selects errors, passage by passage.
type errorList struct {
	ErrorsRequest
	other map[int]Predicted // of the other run, by index; nil without one
	found *RunErrors
}

func (l *errorList) add(p ner.Passage, d *ner.Document, u *loop.ParsedPassage, own Predicted) {
	var other *Predicted
	if l.other != nil {
		theirs, common := l.other[p.Index]
		if !common {
			l.found.AgainstMissing++
			return
		}
		other = &theirs
	}
	l.found.Passages++
	w := WrongPassage{Document: d, Run: own, Against: other}
	for _, e := range passageErrors(u, own) {
		if e.Kind != KindRight && l.selects(e) && (other == nil || !other.has(e)) {
			l.found.Counts[e.Kind]++
			w.Errors = append(w.Errors, e)
		} else if e.Kind != KindUnreadable {
			w.Others = append(w.Others, e)
		}
	}
	if len(w.Errors) == 0 {
		return
	}
	l.found.Wrong++
	if l.Limit == 0 || len(l.found.List) < l.Limit {
		l.found.List = append(l.found.List, w)
	}
}

// passageErrors lists the entities of a passage by position, then its unreadable
// answers.
func passageErrors(u *loop.ParsedPassage, own Predicted) []PassageError {
	var all []PassageError
	for _, m := range metrics.Matches(&u.Passage) {
		all = append(all, PassageError{Kind: kindOfClass[m.Class], Match: m})
	}
	slices.SortStableFunc(all, func(a, b PassageError) int {
		if a.Unaligned != b.Unaligned {
			if b.Unaligned {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.start(), b.start())
	})
	for i := range own.Answers {
		if a := &own.Answers[i]; a.Outcome.Failure() {
			all = append(all, PassageError{Kind: KindUnreadable, Answer: a})
		}
	}
	return all
}

// start is the first byte of the entity.
func (e PassageError) start() int {
	if e.Class == metrics.Spurious {
		return e.Pred.Start
	}
	return e.Gold.Start
}

func (l *errorList) selects(e PassageError) bool {
	return (l.Type == "" || e.about(l.Type)) && (len(l.Kinds) == 0 || slices.Contains(l.Kinds, e.Kind) ||
		e.Kind == KindBoth && (slices.Contains(l.Kinds, KindBoundary) || slices.Contains(l.Kinds, KindType)))
}

// about reports whether an error is about a type.
func (e PassageError) about(t ner.EntityType) bool {
	if e.Answer != nil {
		return slices.Contains(e.Answer.Types, t)
	}
	return e.Gold.Type == t || e.Pred.Type == t
}

// has reports whether a run made an error, too.
func (p *Predicted) has(e PassageError) bool {
	switch {
	case e.Answer != nil:
		return slices.ContainsFunc(p.Answers, func(a ReadAnswer) bool {
			return a.Outcome.Failure() && slices.ContainsFunc(a.Types, func(t ner.EntityType) bool { return slices.Contains(e.Answer.Types, t) })
		})
	case e.Unaligned:
		return slices.Contains(p.Unaligned, ner.Mention{Text: e.Text, Type: e.Pred.Type})
	case e.Class == metrics.Spurious:
		return slices.Contains(p.Spans, e.Pred)
	}
	return !slices.Contains(p.Spans, e.Gold)
}

// RelevantAnswers are the answers of a run about the types of the selected errors.
func (w *WrongPassage) RelevantAnswers(p *Predicted) []ReadAnswer {
	return slices.DeleteFunc(slices.Clone(p.Answers), func(a ReadAnswer) bool {
		return !slices.ContainsFunc(w.Errors, func(e PassageError) bool {
			if e.Answer != nil {
				return slices.ContainsFunc(e.Answer.Types, func(t ner.EntityType) bool { return slices.Contains(a.Types, t) })
			}
			return slices.Contains(a.Types, e.Gold.Type) || slices.Contains(a.Types, e.Pred.Type)
		})
	})
}
