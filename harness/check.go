package harness

import (
	"context"
	"fmt"
	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/runners"
	"nerbench/runners/cards"
	"nerbench/runners/open"
	"slices"
	"strings"
	"sync"
)

// Checked is the outcome of [Bench.Check].
type Checked struct {
	Model    string              `json:"model"`
	Card     string              `json:"card,omitempty"`
	Digest   string              `json:"digest"`
	Server   string              `json:"server"`
	Device   string              `json:"device,omitempty"`
	Context  int                 `json:"context"` // tokens for a prompt with its answer; 0: without limit
	Special  string              `json:"special_tokens,omitempty"`
	Queries  int                 `json:"queries"` // asked twice
	Outcomes map[ner.Outcome]int `json:"outcomes"`
	Differ   int                 `json:"differ"` // answered differently the second time
	Example  string              `json:"example"`
	Remarks  []string            `json:"remarks"`  // what a reader of scores should know
	Problems []string            `json:"problems"` // why it cannot be asked so
	OK       bool                `json:"ok"`
}

// checkedQueries is how many questions are asked, twice.
const checkedQueries = 4

// Check opens the model of a request, sends a few queries about its first dataset
// twice, and judges whether a run would work.
func (b *Bench) Check(ctx context.Context, r Request) (*Checked, error) {
	r.Connections = 1
	dataset := r.Datasets[0]
	p, err := (&Preparer{Bench: b}).Prepare(ctx, r, dataset)
	if err != nil {
		return nil, err
	}
	card := p.Card
	said := &remarks{}
	m, err := p.open(ctx, said.add)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	v := &Checked{
		Model: m.Identity.Model, Digest: m.Identity.Digest, Server: strings.TrimSpace(m.Identity.Server + " " + m.Identity.ServerVersion),
		Device: m.Facts()["device"], Context: m.Decoding.Context, Special: m.Facts()["special_tokens"],
		Outcomes: map[ner.Outcome]int{}, Problems: []string{},
	}
	if card != nil {
		v.Card = card.Name
		if card.Saw(dataset.ID) == "yes" {
			said.add("it saw the train split of " + dataset.ID + " in training")
		}
	}
	if v.Digest == "" {
		said.add("the server tells no digest: the model is known by name only")
	}
	longest, err := b.askTwice(ctx, v, m, p.Renderer, dataset, p.found)
	if err != nil {
		return nil, err
	}
	facts, err := m.After(ctx)
	if err != nil {
		return nil, err
	}
	if facts["device"] != "" {
		v.Device = facts["device"]
	}
	v.Remarks = said.list()
	v.judge(p.Request, card, m.Special, longest)
	return v, nil
}

// judge says why a model cannot be asked so, and what else a user should know.
func (v *Checked) judge(r Request, card *cards.Card, special *runners.Special, longest ner.Completion) {
	failed, _ := FailureShare(v.Outcomes)
	problem := func(format string, args ...any) { v.Problems = append(v.Problems, fmt.Sprintf(format, args...)) }
	remark := func(format string, args ...any) { v.Remarks = append(v.Remarks, fmt.Sprintf(format, args...)) }
	dataset, family := r.Datasets[0].ID, r.Plan.Family
	switch {
	case v.Queries == 0:
		problem("%s has nothing to ask about", dataset)
	case failed == v.Queries:
		problem("no answer could be read: is %s the family of this model? (models list)", family)
	case failed > 0:
		remark("%d of %d answers cannot be read: is %s the family of this model? (models list)", failed, v.Queries, family)
	}
	if longest.Finish == ner.FinishTooLong {
		problem("the longest question about %s does not fit with its answer into the context of %d tokens", dataset, v.Context)
	}
	if card != nil {
		for _, text := range special.Split(card.Special) {
			problem("%s should be one token, by card %s: these are other weights, or another tokenizer", text, card.Name)
		}
	}
	if v.Differ > 0 {
		remark("%d of %d questions are answered differently when they are asked again", v.Differ, v.Queries)
	}
	v.OK = len(v.Problems) == 0
}

// askTwice asks a few questions about the first passages, reads the answers, and asks
// them again. It returns what comes of the longest question of the dataset.
func (b *Bench) askTwice(ctx context.Context, v *Checked, m *open.Model, renderer *prompts.Renderer, dataset *datasets.Dataset, found survey) (longest ner.Completion, err error) {
	docs, err := b.asked(ctx, dataset, found.part)
	if err != nil {
		return longest, err
	}
	options, err := parseOptions(dataset, mergeKeys(found.part.keys(dataset), renderer.Keys()))
	if err != nil {
		return longest, err
	}
	reading, err := loop.NewPassageParser(options)
	if err != nil {
		return longest, err
	}
	seen := false // the longest
	for d, err := range docs {
		if err != nil {
			return longest, err
		}
		isLongest := !seen && len(d.Text) == found.longest
		if v.Queries == checkedQueries && !isLongest {
			if seen {
				break
			}
			continue
		}
		queries, err := renderer.Queries(d)
		if err != nil {
			return longest, err
		}
		if isLongest && len(queries) > 0 {
			seen = true
			if longest, err = askLongest(ctx, m.Runner, queries); err != nil {
				return longest, err
			}
		}
		if queries = queries[:min(len(queries), checkedQueries-v.Queries)]; len(queries) == 0 {
			continue
		}
		if err := v.ask(ctx, m.Runner, reading, d, queries); err != nil {
			return longest, err
		}
	}
	return longest, nil
}

// askLongest asks the longest of some queries.
func askLongest(ctx context.Context, runner runners.Runner, queries []ner.Query) (ner.Completion, error) {
	longest := slices.MaxFunc(queries, func(a, b ner.Query) int {
		return a.Prompt.Size() + a.Prompt.MaxTokens - b.Prompt.Size() - b.Prompt.MaxTokens
	})
	got, err := runner.Complete(ctx, []ner.Query{longest})
	if err != nil {
		return ner.Completion{}, err
	}
	return got[0], nil
}

// ask asks queries about one document, reads the answers, and asks again.
func (v *Checked) ask(ctx context.Context, runner runners.Runner, reading *loop.PassageParser, d *ner.Document, queries []ner.Query) error {
	got, err := runner.Complete(ctx, queries)
	if err != nil {
		return err
	}
	answers := make([]ner.Answer, len(got))
	for i, c := range got {
		answers[i] = ner.Answer{Types: queries[i].Types, Completion: c}
		if v.Example == "" {
			v.Example = c.Text
		}
	}
	understood, err := reading.Passage(d, answers)
	if err != nil {
		return err
	}
	for _, p := range understood.Predictions {
		v.Outcomes[p.Outcome]++
	}
	differ, err := runners.Repeatability(ctx, runner, queries)
	v.Queries, v.Differ = v.Queries+len(queries), v.Differ+differ
	return err
}

// remarks are gathered from several goroutines at once, each once.
type remarks struct {
	mu  sync.Mutex
	all []string
}

func (r *remarks) add(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.all, what) {
		r.all = append(r.all, what)
	}
}

// list is not nil, also where there are none.
func (r *remarks) list() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.all...)
}
