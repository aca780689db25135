package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/internal/parallel"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/runners/cards"
	"nerbench/runners/open"
)

// checkedQueries is the number of queries that a check sends twice.
const checkedQueries = 4

// noteEvery is the time between two notes while a check waits for answers.
const noteEvery = 5 * time.Second

// errCheckTime ends the queries of a check.
var errCheckTime = errors.New("the time limit of the check is over")

// probe sends the queries of a check within its limits, and counts in checked.
type probe struct {
	bench   *Bench
	request *CheckRequest
	checked *Checked
	model   *open.Model
	parser  *loop.PassageParser
}

// passageQueries are queries about one passage.
type passageQueries struct {
	document *ner.Document
	queries  []ner.Query
}

func (b *Bench) newProbe(r *CheckRequest, v *Checked, m *open.Model, renderer *prompts.Renderer, dataset *datasets.Dataset, selected part, card *cards.Card) (*probe, error) {
	options, err := parseOptions(dataset, mergeKeys(selected.keys(dataset), renderer.Keys()), cardFacts(card, dataset.ID))
	if err != nil {
		return nil, err
	}
	parser, err := loop.NewPassageParser(options)
	if err != nil {
		return nil, err
	}
	return &probe{bench: b, request: r, checked: v, model: m, parser: parser}, nil
}

// chooseQueries returns the first queries of a dataset, and those of its longest
// passage.
func (b *Bench) chooseQueries(ctx context.Context, renderer *prompts.Renderer, dataset *datasets.Dataset, found survey) (first []passageQueries, longest []ner.Query, err error) {
	docs, err := b.asked(ctx, dataset, found.part)
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
			first = append(first, passageQueries{d, queries})
		}
	}
	return first, longest, nil
}

// run sends the first queries twice, and the longest query once. It returns the
// answer to the longest query. If the time limit ends it, checked is marked as
// stopped; that is not an error.
func (p *probe) run(ctx context.Context, first []passageQueries, longest []ner.Query) (ner.Completion, error) {
	limited, cancel := context.WithTimeoutCause(ctx, p.request.TimeLimit, errCheckTime)
	defer cancel()
	answer, err := p.send(limited, first, longest)
	if err != nil && ctx.Err() == nil && context.Cause(limited) == errCheckTime {
		p.checked.Stopped, err = true, nil
	}
	return answer, err
}

// send does the work of run, and notes how much of it is done.
func (p *probe) send(ctx context.Context, first []passageQueries, longest []ner.Query) (answer ner.Completion, err error) {
	n := 0
	for _, a := range first {
		n += len(a.queries)
	}
	p.bench.note("sending %d queries twice, then the longest query: at most %d tokens an answer, at most %s in total", n, p.request.MaxAnswerTokens, p.request.TimeLimit)
	stop := p.noteWaiting()
	defer stop()
	for _, a := range first {
		if err := p.sendTwice(ctx, a); err != nil {
			return answer, err
		}
		line := fmt.Sprintf("%d of %d queries were sent twice", p.checked.Queries, n)
		if tokens := p.checked.generated; tokens > 0 { // else the server does not tell
			line += fmt.Sprintf(", %d tokens were generated", tokens)
		}
		p.bench.note("%s", line)
	}
	if len(longest) == 0 {
		return answer, nil
	}
	return p.sendLongest(ctx, longest)
}

// noteWaiting sends a note every few seconds until stop is called.
func (p *probe) noteWaiting() (stop func()) {
	began, ticker := time.Now(), time.NewTicker(noteEvery)
	end := make(chan struct{})
	var notes parallel.Group
	notes.Go(func() {
		for {
			select {
			case <-end:
				return
			case <-ticker.C:
				line := fmt.Sprintf("waiting for answers, %s of %s", time.Since(began).Round(time.Second), p.request.TimeLimit)
				if tokens, known := p.model.Written(); known {
					line += fmt.Sprintf(", %d tokens were generated", tokens)
				}
				p.bench.note("%s", line)
			}
		}
	})
	return func() {
		ticker.Stop()
		close(end)
		notes.Wait()
	}
}

// complete sends queries and counts the tokens of their answers.
func (p *probe) complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	got, err := p.model.Runner.Complete(ctx, queries)
	for i := range got {
		p.checked.generated += got[i].AnswerTokens
	}
	return got, err
}

// sendTwice sends queries about one passage, parses the answers, and sends the
// queries again.
func (p *probe) sendTwice(ctx context.Context, a passageQueries) error {
	v, queries := p.checked, slices.Clone(a.queries)
	for i := range queries {
		if most := &queries[i].Prompt.MaxTokens; *most <= 0 || *most > p.request.MaxAnswerTokens {
			*most = p.request.MaxAnswerTokens
		}
	}
	first, err := p.complete(ctx, queries)
	if err != nil {
		return err
	}
	if v.Example == "" {
		v.Example = firstText(first)
	}
	for i := range first {
		if loop.Thinks(&first[i], nil) {
			v.thought++
		}
		if loop.OnlyThinks(&first[i]) {
			v.blank++
		}
	}
	if err := p.parse(a, queries, first); err != nil {
		return err
	}
	second, err := p.complete(ctx, queries)
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

// firstText is the first text that is not empty.
func firstText(answers []ner.Completion) string {
	for i := range answers {
		if answers[i].Text != "" {
			return answers[i].Text
		}
	}
	return ""
}

// parse counts the outcomes of answers to sent, the queries with the limit of the
// check. A run has a higher limit, so a malformed answer that reached the limit of
// the check is not judged.
func (p *probe) parse(a passageQueries, sent []ner.Query, got []ner.Completion) error {
	answers := make([]ner.Answer, len(got))
	for i, c := range got {
		answers[i] = ner.Answer{Types: sent[i].Types, Completion: c}
	}
	parsed, err := p.parser.Passage(a.document, answers)
	if err != nil {
		return err
	}
	for i, prediction := range parsed.Predictions {
		limited := sent[i].Prompt.MaxTokens != a.queries[i].Prompt.MaxTokens
		if limited && got[i].Finish == ner.FinishLength && prediction.Outcome.Failure() {
			p.checked.Cut++
			continue
		}
		p.checked.Outcomes[prediction.Outcome]++
	}
	return nil
}

// sendLongest sends the longest of some queries. If the context is known, one
// token is enough: the length of the prompt shows whether the answer fits too.
func (p *probe) sendLongest(ctx context.Context, queries []ner.Query) (ner.Completion, error) {
	longest := slices.MaxFunc(queries, func(a, b ner.Query) int {
		return a.Prompt.Size() + a.Prompt.MaxTokens - b.Prompt.Size() - b.Prompt.MaxTokens
	})
	most, room := max(longest.Prompt.MaxTokens, 1), p.model.Decoding.Context
	longest.Prompt.MaxTokens = min(most, p.request.MaxAnswerTokens)
	if room > 0 {
		longest.Prompt.MaxTokens = 1
	}
	got, err := p.complete(ctx, []ner.Query{longest})
	if err != nil {
		return ner.Completion{}, err
	}
	if room > 0 && got[0].PromptTokens+most > room {
		got[0].Finish = ner.FinishTooLong
	}
	return got[0], nil
}
