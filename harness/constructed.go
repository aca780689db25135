package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"

	"nerbench/distill"
	"nerbench/internal/checksum"
	"nerbench/ner"
	"nerbench/results"
)

// Constructed is the outcome of [Bench.Construct].
type Constructed struct {
	Dir      string          `json:"dir"`
	Passages int             `json:"passages"`
	Texts    int             `json:"texts"`
	Faulty   int             `json:"faulty"` // texts that cannot be read
	Removed  distill.Removed `json:"removed"`
	Tests    int             `json:"tests"` // datasets whose test sets were compared
	Teacher  string          `json:"teacher"`
	Run      string          `json:"run"`
	Asked    int             `json:"asked"`    // passages, in this call
	Answered int             `json:"answered"` // passages with an answer
	Failed   int             `json:"failed"`   // passages whose query failed in this call
	Kept     int             `json:"kept"`     // passages
	Entities int             `json:"entities"` // kept
	Types    int             `json:"types"`    // distinct, of the kept entities
	// Dropped counts entities, and passages, by filter.
	Dropped map[distill.Reason]int `json:"dropped"`
	// Conflicts are entities with more than two types that were kept.
	Conflicts int `json:"conflicts"`
	// Unparsed are the first answers that cannot be parsed.
	Unparsed []string       `json:"unparsed,omitempty"`
	Plan     *ConstructPlan `json:"plan,omitempty"`
}

// unparsedShown is the number of answers that are shown if most of them cannot be parsed.
const unparsedShown = 5

// result is the outcome before the teacher is asked.
func (c *construction) result() *Constructed {
	return &Constructed{
		Dir: c.Dir, Passages: c.corpus.Passages.Passages, Texts: c.corpus.Corpus.Texts, Faulty: c.corpus.Corpus.Faulty, Removed: c.corpus.Removed,
		Tests: len(c.corpus.Tests), Dropped: map[distill.Reason]int{},
	}
}

// take takes over what is known of a folder.
func (out *Constructed) take(c *distill.Corpus) {
	out.Teacher, out.Run = c.Teacher.Model, c.Teacher.Run
	k := &c.Kept
	out.Answered, out.Kept, out.Entities, out.Types, out.Conflicts = k.Answers, k.Passages, k.Entities, k.Types, k.Conflicts
	maps.Copy(out.Dropped, k.Dropped)
}

// derived reports whether kept.jsonl and dropped.jsonl are those of so many answers and of
// the filters, so that the answers need not be read.
func (c *construction) derived(ctx context.Context, answered int) bool {
	k := &c.corpus.Kept
	if c.corpus.Filters != c.Filters || k.Answers != answered || mostUnparsed(k.Dropped, k.Answers) {
		return false // the answers that cannot be parsed are shown
	}
	kept, err := checksum.Files(ctx, filepath.Join(c.Dir, distill.KeptFile))
	dropped, errDropped := checksum.Files(ctx, filepath.Join(c.Dir, distill.DroppedFile))
	return err == nil && errDropped == nil && kept == k.Kept && dropped == k.DroppedFile
}

// filter filters the answers, and writes kept.jsonl and dropped.jsonl.
func (c *construction) filter(ctx context.Context, out *Constructed) error {
	c.corpus.Filters = c.Filters
	store, err := results.OpenReadOnly(ctx, c.answersPath())
	if err != nil {
		return err
	}
	defer store.Close()
	d, err := filterAnswers(ctx, store, c.corpus, c.passages, func(answer string) {
		if len(out.Unparsed) < unparsedShown {
			out.Unparsed = append(out.Unparsed, answer)
		}
	})
	if err != nil {
		return err
	}
	kept, dropped := filepath.Join(c.Dir, distill.KeptFile), filepath.Join(c.Dir, distill.DroppedFile)
	if err := errors.Join(distill.WriteRecords(kept, d.Kept), distill.WriteRecords(dropped, d.Dropped)); err != nil {
		return err
	}
	k := d.Derive(d.Answered)
	if k.Kept, err = checksum.Files(ctx, kept); err != nil {
		return err
	}
	if k.DroppedFile, err = checksum.Files(ctx, dropped); err != nil {
		return err
	}
	c.corpus.Kept = k
	out.take(&c.corpus)
	return c.corpus.Write(c.Dir)
}

// mostUnparsed reports whether more than half of the answers cannot be parsed.
func mostUnparsed(dropped map[distill.Reason]int, answers int) bool {
	return 2*dropped[distill.Unparseable] > answers
}

// partial is the error about a result that is not what was asked for; nil: it is.
func (out *Constructed) partial() error {
	if mostUnparsed(out.Dropped, out.Answered) {
		err := fmt.Errorf("%d of %d answers cannot be parsed, more than half: this teacher does not follow the prompt", out.Dropped[distill.Unparseable], out.Answered)
		return &Hint{Err: &PartialError{Err: err}, Advice: "try another teacher, --unclosed keep, or --demonstration FILE for a base model"}
	}
	if out.Failed > 0 {
		return &PartialError{Err: fmt.Errorf("%s without an answer: run the same command again to retry", ner.Count(out.Failed, "passage"))}
	}
	out.Unparsed = nil
	return nil
}

// ReadConstructed reads a folder of constructed data, and filters the answers of its teacher
// anew: no model is asked. Passages without an answer are left out.
func ReadConstructed(ctx context.Context, dir string, filters distill.Filters) (*distill.Data, error) {
	corpus, err := distill.ReadCorpus(dir)
	if err != nil {
		return nil, err
	}
	passages, err := distill.ReadPassages(ctx, dir)
	if err != nil {
		return nil, err
	}
	store, err := results.OpenReadOnly(ctx, filepath.Join(dir, distill.AnswersFile))
	if err != nil {
		return nil, err
	}
	defer store.Close()
	corpus.Filters = filters
	d, err := filterAnswers(ctx, store, corpus, passages, func(string) {})
	if err != nil {
		return nil, err
	}
	d.Corpus.Kept = d.Derive(d.Answered)
	return &d.Data, nil
}

// filtered are the answers of a teacher, filtered.
type filtered struct {
	distill.Data
	Answered int // passages
}

// filterAnswers applies the filters of a corpus to the answers about its passages. It calls
// unparsed with the answers that cannot be parsed.
func filterAnswers(ctx context.Context, store *results.Store, corpus distill.Corpus, passages []distill.Passage, unparsed func(answer string)) (*filtered, error) {
	d := &filtered{Data: distill.Data{Corpus: corpus, Passages: len(passages)}}
	for p, err := range store.Passages(ctx, corpus.Teacher.Run) {
		switch {
		case errors.Is(err, results.ErrNoRun):
			return d, nil // nothing was asked
		case err != nil:
			return nil, err
		case p.Index >= len(passages) || passages[p.Index].ID != p.Document || len(p.Answers) != 1:
			return nil, fmt.Errorf("distill: %s: passage %d is %q, not one of %s", distill.AnswersFile, p.Index, p.Document, distill.PassagesFile)
		}
		answer := &p.Answers[0].Completion
		keep, dropped := corpus.Filters.Apply(passages[p.Index], asAnswer(*answer))
		if keep != nil {
			d.Kept = append(d.Kept, keep)
		}
		if len(dropped) > 0 && dropped[0].Why == distill.Unparseable {
			unparsed(shownAnswer(*answer))
		}
		d.Dropped = append(d.Dropped, dropped...)
		d.Answered++
	}
	return d, nil
}

// shownAnswer is a completion for people. Without an answer of the model, it is the reason.
func shownAnswer(c ner.Completion) string {
	if outcome, none := c.Finish.Outcome(); none {
		return "(no answer: " + string(outcome) + ")"
	}
	return c.Text
}

// asAnswer is a completion as the filters read it. What is no answer of the model has no
// text.
func asAnswer(c ner.Completion) ner.Completion {
	if _, none := c.Finish.Outcome(); none {
		c.Text = ""
	}
	return c
}
