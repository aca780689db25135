package harness

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"nerbench/distill"
	"nerbench/ner"
	"nerbench/results"
)

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
	return filterAnswers(ctx, store, corpus, passages)
}

// filterAnswers applies the filters of a corpus to the answers about its passages.
func filterAnswers(ctx context.Context, store *results.Store, corpus distill.Corpus, passages []distill.Passage) (*distill.Data, error) {
	d := &distill.Data{Corpus: corpus, Passages: len(passages)}
	for p, err := range store.Passages(ctx, corpus.Teacher.Run) {
		switch {
		case errors.Is(err, results.ErrNoRun):
			return d, nil // nothing was asked
		case err != nil:
			return nil, err
		case p.Index >= len(passages) || passages[p.Index].ID != p.Document || len(p.Answers) != 1:
			return nil, fmt.Errorf("distill: %s: passage %d is %q, not one of %s", distill.AnswersFile, p.Index, p.Document, distill.PassagesFile)
		}
		keep, dropped := corpus.Filters.Apply(passages[p.Index], asAnswer(p.Answers[0].Completion))
		if keep != nil {
			d.Kept = append(d.Kept, keep)
		}
		d.Dropped = append(d.Dropped, dropped...)
	}
	return d, nil
}

// asAnswer is a completion as the filters read it. What is no answer of the model has no
// text.
func asAnswer(c ner.Completion) ner.Completion {
	if _, none := c.Finish.Outcome(); none {
		c.Text = ""
	}
	return c
}
