package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/cards"
)

// The defaults of a [CheckRequest].
const (
	CheckAnswerTokens = 128
	CheckTimeLimit    = 2 * time.Minute
)

// CheckRequest names the model to check, and limits the work: a large model on a
// CPU generates few tokens a second, so a check without a limit could take hours.
type CheckRequest struct {
	// Request is the run to check. Its first dataset is used.
	Request
	// MaxAnswerTokens is the longest answer in tokens; 0: [CheckAnswerTokens]. It
	// lowers the limit of the prompt, and never raises it.
	MaxAnswerTokens int
	// TimeLimit is the longest time for all queries; 0: [CheckTimeLimit]. The time to
	// open the model is not included.
	TimeLimit time.Duration
	// Reference is a copy of the model's file, gguf/FILE, whose vocabulary is compared
	// with the tokens of the server; empty: the file of the server, if it can be read here.
	Reference string
}

// complete fills in the defaults.
func (r *CheckRequest) complete() error {
	if r.MaxAnswerTokens < 0 || r.TimeLimit < 0 {
		return fault.Usagef("check: %d tokens an answer, %s in total: want no negative limit", r.MaxAnswerTokens, r.TimeLimit)
	}
	if err := checkReference(r.Reference); err != nil {
		return err
	}
	if r.MaxAnswerTokens == 0 {
		r.MaxAnswerTokens = CheckAnswerTokens
	}
	if r.TimeLimit == 0 {
		r.TimeLimit = CheckTimeLimit
	}
	return nil
}

// Checked is the outcome of [Bench.Check].
type Checked struct {
	Model    string              `json:"model"`
	Card     string              `json:"card,omitempty"`
	Digest   string              `json:"digest"`
	Server   string              `json:"server"`
	Device   string              `json:"device,omitempty"`
	Context  int                 `json:"context"` // tokens for a prompt with its answer; 0: no limit
	Special  string              `json:"special_tokens,omitempty"`
	Tokens   string              `json:"tokenisation,omitempty"` // verdict; empty: nothing to compare
	Queries  int                 `json:"queries"`                // sent twice
	Outcomes map[ner.Outcome]int `json:"outcomes"`
	Cut      int                 `json:"cut"`    // answers that reached the limit of the check and are not judged
	Differ   int                 `json:"differ"` // answered differently the second time
	Example  string              `json:"example"`

	AnswerTokens    *int   `json:"answer_tokens"`     // of all answers; null: the server does not tell
	MaxAnswerTokens int    `json:"max_answer_tokens"` // limit of one answer
	TimeLimit       string `json:"time_limit"`        // limit of all queries
	Stopped         bool   `json:"stopped"`           // by the time limit

	Remarks  []string `json:"remarks"`  // warnings about the scores
	Problems []string `json:"problems"` // reasons why the model cannot be run with these settings
	OK       bool     `json:"ok"`

	thought, blank int // answers with thinking; answers without text beside it
	generated      int // tokens that the server told
	answerer       string
}

// Check opens the model of a request, sends a few queries about its first dataset
// twice, then the longest query, and judges whether a run would work. It notes how
// much of the work is done.
func (b *Bench) Check(ctx context.Context, r CheckRequest) (*Checked, error) {
	if err := r.complete(); err != nil {
		return nil, err
	}
	r.Connections = 1
	card, err := b.complete(&r.Request)
	if err != nil {
		return nil, err
	}
	dataset := r.Datasets[0]
	p, err := (&Preparer{Bench: b}).prepare(ctx, r.Request, card, dataset)
	if err != nil {
		return nil, err
	}
	warnings := &remarks{}
	b.note("opening %s", p.Request.Plan.Model)
	// Remarks are shown at once, too: a program may make one wait.
	m, err := p.open(ctx, func(text string) {
		b.note("%s", text)
		warnings.add(text)
	}, warnings.add)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	v := &Checked{
		Model: m.Identity.Model, Digest: m.Identity.Digest, Server: strings.TrimSpace(m.Identity.Server + " " + m.Identity.ServerVersion),
		Device: m.Facts()["device"], Context: m.Decoding.Context, Special: m.Facts()["special_tokens"],
		Outcomes: map[ner.Outcome]int{}, MaxAnswerTokens: r.MaxAnswerTokens, TimeLimit: r.TimeLimit.String(), Problems: []string{},
		answerer: m.Identity.Answerer(),
	}
	if card != nil {
		v.Card = card.Name
		if card.Saw(dataset.ID) == "yes" {
			warnings.add("the model was trained on the train split of " + dataset.ID)
		}
	}
	if v.Digest == "" {
		warnings.add("the server reports no digest: the model is identified by its name only")
	}
	if m.Facts()["identity"] == "command" {
		warnings.add("the program reports no digest: it is identified by its command, and the files that the command names")
	}
	probe, err := b.newProbe(&r, v, m, p.Renderer, dataset, p.found.part, card)
	if err != nil {
		return nil, err
	}
	first, large, err := b.chooseQueries(ctx, p.Renderer, dataset, p.found)
	if err != nil {
		return nil, err
	}
	longest, err := probe.run(ctx, first, large)
	if err != nil {
		return nil, err
	}
	tokens, same, err := probe.checkTokens(ctx, first)
	if err != nil {
		return nil, err
	}
	if v.Tokens = tokens; !same {
		warnings.add("the server splits texts into other tokens than the model file: the same weights give other answers elsewhere")
	}
	facts, err := m.After(ctx)
	if err != nil {
		return nil, err
	}
	if facts["device"] != "" {
		v.Device = facts["device"]
	}
	if v.generated > 0 || v.Queries == 0 {
		v.AnswerTokens = &v.generated
	}
	v.Remarks = warnings.list()
	v.judge(p.Request, card, m.Special, longest)
	return v, nil
}

// judge sets the problems, the remarks and the verdict.
func (v *Checked) judge(r Request, card *cards.Card, special *runners.Special, longest ner.Completion) {
	failed, judged := FailureShare(v.Outcomes)
	answered := judged + v.Cut
	problem := func(format string, args ...any) { v.Problems = append(v.Problems, fmt.Sprintf(format, args...)) }
	remark := func(format string, args ...any) { v.Remarks = append(v.Remarks, fmt.Sprintf(format, args...)) }
	dataset, family := r.Datasets[0].ID, r.Plan.Family
	switch {
	case v.Stopped && answered == 0:
		problem("no answer came within %s (--time-limit)", v.TimeLimit)
	case answered == 0:
		problem("%s has no queries", dataset)
	case judged == 0:
		problem("no answer ended within %d tokens, so none is judged (--answer-tokens)", v.MaxAnswerTokens)
	case v.Outcomes[ner.Refused] == judged:
		problem("%s refuses the queries: %s", v.answerer, v.Example)
	case failed == judged:
		problem("no answer can be parsed: is %s the prompt family of this model? (models list)", family)
	case failed > 0:
		remark("%d of %d answers cannot be parsed: is %s the prompt family of this model? (models list)", failed, judged, family)
	}
	if v.Cut > 0 && judged > 0 {
		remark("%d of %d answers did not end within %d tokens and are not judged (--answer-tokens)", v.Cut, answered, v.MaxAnswerTokens)
	}
	if v.Stopped && answered > 0 {
		remark("the time limit of %s ended the check before all queries were sent (--time-limit)", v.TimeLimit)
	}
	if longest.Finish == ner.FinishTooLong {
		problem("the longest query of %s does not fit with its answer into the context of %d tokens", dataset, v.Context)
	}
	if card != nil {
		for _, text := range special.Split(card.Special) {
			problem("%s should be one token, by card %s: the weights or the tokenizer differ from those of the card", text, card.Name)
		}
	}
	if v.blank > 0 && !thinks(r.Plan.Think) { // with thinking, the limit of the check may have ended it
		remark("%d blank answers have text in the thinking field (--set think=on raises the limit of an answer)", v.blank)
	}
	if thinks(r.Plan.Think) && answered > 0 && v.thought == 0 {
		remark("think=%s, but no answer has thinking: the model does not think, or its template has another switch (--set think_switch=thinking)", r.Plan.Think)
	}
	if v.Differ > 0 {
		remark("%d of %d queries are answered differently when they are sent again", v.Differ, v.Queries)
	}
	v.OK = len(v.Problems) == 0
}

// remarks is a list without duplicates. Several goroutines may add to it at once.
type remarks struct {
	mu  sync.Mutex
	all []string
}

func (r *remarks) add(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.all, text) {
		r.all = append(r.all, text)
	}
}

// list returns the remarks; it is never nil.
func (r *remarks) list() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.all...)
}
