package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/ner"
	"nerbench/prompts"
)

// checkBound bounds the work of models check: a large model on a processor writes
// few tokens a second, and one that never stops writes them all.
type checkBound struct {
	tokens int           // most tokens of one answer
	time   time.Duration // for all questions; opening the model is not part of it
}

// checkedQueries is how many questions are asked, twice.
const checkedQueries = 4

func (b checkBound) String() string {
	return fmt.Sprintf("at most %d tokens an answer, and %s for all questions", b.tokens, b.time)
}

// errCheckTime ends the questions of models check.
var errCheckTime = errors.New("the time limit of the check")

// check asks a model a few questions within a bound.
type check struct {
	env     *environment
	verdict *checkedModel
	bound   checkBound
	model   *model
	reading *harness.Reading
}

// aboutOne is some questions about one document.
type aboutOne struct {
	document *ner.Document
	queries  []ner.Query
}

// askTwice asks a few questions about the first passages, reads the answers, asks
// them again, and then asks the longest question of the row. It returns the answer
// to that one.
func (env *environment) askTwice(ctx context.Context, v *checkedModel, bound checkBound, m *model, renderer *prompts.Renderer, row *datasets.Row, found survey) (longest ner.Completion, err error) {
	few, large, err := env.choose(ctx, renderer, row, found)
	if err != nil {
		return longest, err
	}
	reads, err := how(row, mergeKeys(found.part.keys(row), renderer.Keys()))
	if err != nil {
		return longest, err
	}
	reading, err := harness.NewReading(reads)
	if err != nil {
		return longest, err
	}
	c := &check{env: env, verdict: v, bound: bound, model: m, reading: reading}
	limited, cancel := context.WithTimeoutCause(ctx, bound.time, errCheckTime)
	defer cancel()
	longest, err = c.run(limited, few, large)
	if err != nil && ctx.Err() == nil && context.Cause(limited) == errCheckTime {
		v.Stopped, err = true, nil
	}
	return longest, err
}

// choose returns the first questions about a row, and those about its longest text.
func (env *environment) choose(ctx context.Context, renderer *prompts.Renderer, row *datasets.Row, found survey) (few []aboutOne, longest []ner.Query, err error) {
	docs, err := env.asked(ctx, row, found.part)
	if err != nil {
		return nil, nil, err
	}
	left := checkedQueries
	for d, err := range docs {
		if err != nil {
			return nil, nil, err
		}
		if left == 0 && len(longest) > 0 {
			break
		}
		isLongest := len(longest) == 0 && len(d.Text) == found.longest
		if left == 0 && !isLongest {
			continue
		}
		queries, err := renderer.Queries(d)
		if err != nil {
			return nil, nil, err
		}
		if isLongest {
			longest = queries
		}
		if queries = queries[:min(len(queries), left)]; len(queries) > 0 {
			left -= len(queries)
			few = append(few, aboutOne{d, queries})
		}
	}
	return few, longest, nil
}

// run asks the questions, with notes of how far it is.
func (c *check) run(ctx context.Context, few []aboutOne, large []ner.Query) (longest ner.Completion, err error) {
	n := 0
	for _, a := range few {
		n += len(a.queries)
	}
	c.env.note("asking %d questions twice, then the longest one: %s", n, c.bound)
	stop := c.beat()
	defer stop()
	for _, a := range few {
		if err := c.ask(ctx, a); err != nil {
			return longest, err
		}
		c.env.note("%d of %d questions were asked twice, %d tokens were written", c.verdict.Queries, n, c.verdict.AnswerTokens)
	}
	if len(large) == 0 {
		return longest, nil
	}
	return c.askLongest(ctx, large)
}

// beat notes now and then that questions are under way. The function that it
// returns ends that and waits for it.
func (c *check) beat() (stop func()) {
	began, ticker := time.Now(), time.NewTicker(every)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			case <-ticker.C:
				line := fmt.Sprintf("still asking, %s of %s", time.Since(began).Round(time.Second), c.bound.time)
				if c.model.written != nil {
					line += fmt.Sprintf(", %d tokens were written", c.model.written())
				}
				c.env.note("%s", line)
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(end)
		<-ended
	}
}

// complete asks queries whose answers are bounded.
func (c *check) complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	got, err := c.model.runner.Complete(ctx, queries)
	for i := range got {
		c.verdict.AnswerTokens += got[i].AnswerTokens
	}
	return got, err
}

// ask asks questions about one document, reads the answers, and asks again. An
// answer that only the bound has cut is not judged.
func (c *check) ask(ctx context.Context, a aboutOne) error {
	v, queries := c.verdict, slices.Clone(a.queries)
	for i := range queries {
		if most := &queries[i].Prompt.MaxTokens; *most <= 0 || *most > c.bound.tokens {
			*most = c.bound.tokens
		}
	}
	first, err := c.complete(ctx, queries)
	if err != nil {
		return err
	}
	answers := make([]ner.Answer, len(first))
	for i, got := range first {
		answers[i] = ner.Answer{Types: queries[i].Types, Completion: got}
		if v.Example == "" {
			v.Example = got.Text
		}
	}
	understood, err := c.reading.Passage(a.document, answers)
	if err != nil {
		return err
	}
	for i, p := range understood.Predictions {
		bounded := queries[i].Prompt.MaxTokens != a.queries[i].Prompt.MaxTokens
		if bounded && first[i].Finish == ner.FinishLength && p.Outcome.Failure() {
			v.Cut++
			continue
		}
		v.Outcomes[p.Outcome]++
	}
	second, err := c.complete(ctx, queries)
	if err != nil {
		return err
	}
	for i := range first {
		if first[i].Text != second[i].Text || first[i].Finish != second[i].Finish {
			v.Differ++
		}
	}
	v.Queries += len(queries)
	return nil
}

// askLongest asks the longest of some queries. Where the context is known, one
// token is enough: the length of the prompt shows whether the answer fits too.
func (c *check) askLongest(ctx context.Context, queries []ner.Query) (ner.Completion, error) {
	longest := slices.MaxFunc(queries, func(a, b ner.Query) int {
		return a.Prompt.Size() + a.Prompt.MaxTokens - b.Prompt.Size() - b.Prompt.MaxTokens
	})
	most, room := max(longest.Prompt.MaxTokens, 1), c.model.decoding.Context
	longest.Prompt.MaxTokens = min(most, c.bound.tokens)
	if room > 0 {
		longest.Prompt.MaxTokens = 1
	}
	got, err := c.complete(ctx, []ner.Query{longest})
	if err != nil {
		return ner.Completion{}, err
	}
	if room > 0 && got[0].PromptTokens+most > room {
		got[0].Finish = ner.FinishTooLong
	}
	return got[0], nil
}
