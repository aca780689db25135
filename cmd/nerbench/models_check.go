package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/ner"
	"nerbench/runners"
)

// checkedModel is the verdict of models check in JSON.
type checkedModel struct {
	Model    string              `json:"model"`
	Card     string              `json:"card,omitempty"`
	Digest   string              `json:"digest"`
	Server   string              `json:"server"`
	Device   string              `json:"device,omitempty"`
	Context  int                 `json:"context"` // tokens for a prompt with its answer; 0: without limit
	Special  string              `json:"special_tokens,omitempty"`
	Queries  int                 `json:"queries"` // asked twice
	Outcomes map[ner.Outcome]int `json:"outcomes"`
	Cut      int                 `json:"cut"`    // answers that the bound of the check cut, and that are not judged
	Differ   int                 `json:"differ"` // answered differently the second time
	Example  string              `json:"example"`

	AnswerTokens int    `json:"answer_tokens"`     // of all answers
	MostTokens   int    `json:"max_answer_tokens"` // of one answer
	TimeLimit    string `json:"time_limit"`        // for all questions
	Stopped      bool   `json:"stopped"`           // by the time limit

	Remarks  []string `json:"remarks"`  // what a reader of scores should know
	Problems []string `json:"problems"` // why it cannot be asked so
	OK       bool     `json:"ok"`
}

func checkFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "dataset", Aliases: []string{"d"}, Value: "sample-general", Usage: "`ROW` to ask about"},
		&cli.StringFlag{Name: "card", Usage: "`CARD` that says how to ask"},
		&cli.StringFlag{Name: "family", Usage: "prompt `FAMILY`"},
		&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the prompt"},
		&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of the run; may be repeated"},
		&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server"},
		&cli.DurationFlag{Name: "timeout", Usage: "longest `TIME` for one query (default: 10m)"},
		&cli.IntFlag{Name: "answer-tokens", Value: 128, Usage: "most tokens `N` of one answer of the check"},
		&cli.DurationFlag{Name: "time-limit", Value: 2 * time.Minute, Usage: "longest `TIME` for all questions of the check"},
		apiKeyFlag(),
	}, localFlags()...)
}

// checkModel asks a model for what a run will need.
func (env *environment) checkModel(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("models check: want MODEL")
	}
	p := runPlan{
		model: c.Args().First(), servers: c.StringSlice("base-url"), keyFile: c.String("api-key-file"),
		timeout: c.Duration("timeout"), local: readLocal(c), connections: 1,
	}
	bound := checkBound{c.Int("answer-tokens"), c.Duration("time-limit")}
	if bound.tokens < 1 || bound.time <= 0 {
		return usagef("models check: --answer-tokens and --time-limit: want more than 0")
	}
	var err error
	if p.keys, err = readSettings(c.StringSlice("set")); err != nil {
		return err
	}
	for _, key := range []string{"family", "variant"} {
		if v := c.String(key); v != "" {
			p.keys[key] = v
		}
	}
	if err := env.takeCard(&p, c.String("card")); err != nil {
		return err
	}
	if _, _, err := modelKind(p.model); err != nil {
		return err
	}
	if p.rows, err = env.askedRows([]string{c.String("dataset")}, ""); err != nil {
		return err
	}
	if err := p.complete(); err != nil {
		return err
	}
	v, err := env.check(c.Context, p, p.rows[0], bound)
	if err != nil {
		return fmt.Errorf("models check: %w", err)
	}
	if env.json {
		if err := env.printJSON(v); err != nil {
			return err
		}
	} else {
		v.write(env)
	}
	if !v.OK {
		return fmt.Errorf("models check: %s cannot be asked so", p.model)
	}
	return nil
}

// check opens a model, asks it about a row, and judges.
func (env *environment) check(ctx context.Context, p runPlan, row *datasets.Row, bound checkBound) (*checkedModel, error) {
	found, err := env.surveyRow(ctx, row, p.selection)
	if err != nil {
		return nil, err
	}
	renderer, err := env.renderer(ctx, p.keys, row)
	if err != nil {
		return nil, err
	}
	said := &remarks{}
	env.note("opening %s", p.model)
	m, err := env.openModel(ctx, p, row, found, renderer, said.add)
	if err != nil {
		return nil, err
	}
	defer m.close()
	v := &checkedModel{
		Model: m.identity.Model, Digest: m.identity.Digest, Server: strings.TrimSpace(m.identity.Server + " " + m.identity.ServerVersion),
		Device: m.facts["device"], Context: m.decoding.Context, Special: m.facts["special_tokens"],
		Outcomes: map[ner.Outcome]int{}, Problems: []string{}, MostTokens: bound.tokens, TimeLimit: bound.time.String(),
	}
	if p.card != nil {
		v.Card = p.card.Name
		if p.card.Saw(row.ID) == "yes" {
			said.add("it saw the train split of " + row.ID + " in training")
		}
	}
	if v.Digest == "" {
		said.add("the server tells no digest: the model is known by name only")
	}
	longest, err := env.askTwice(ctx, v, bound, m, renderer, row, found)
	if err != nil {
		return nil, err
	}
	if m.after != nil {
		facts, err := m.after(ctx)
		if err != nil {
			return nil, err
		}
		v.Device = facts["device"]
	}
	v.Remarks = said.list()
	v.judge(p, m.special, longest)
	return v, nil
}

// judge says why a model cannot be asked so, and what else a user should know.
func (v *checkedModel) judge(p runPlan, special *runners.Special, longest ner.Completion) {
	failed, judged := failureShare(v.Outcomes)
	problem := func(format string, args ...any) { v.Problems = append(v.Problems, fmt.Sprintf(format, args...)) }
	remark := func(format string, args ...any) { v.Remarks = append(v.Remarks, fmt.Sprintf(format, args...)) }
	row, family := p.rows[0].ID, p.keys["family"]
	switch {
	case v.Stopped && judged+v.Cut == 0:
		problem("no answer came within %s (--time-limit)", v.TimeLimit)
	case judged+v.Cut == 0:
		problem("%s has nothing to ask about", row)
	case judged == 0:
		problem("no answer ended within %d tokens, so that none could be judged (--answer-tokens)", v.MostTokens)
	case failed == judged:
		problem("no answer could be read: is %s the family of this model? (models list)", family)
	case failed > 0:
		remark("%d of %d answers cannot be read: is %s the family of this model? (models list)", failed, judged, family)
	}
	if v.Cut > 0 && judged > 0 {
		remark("%d of %d answers did not end within %d tokens and are not judged (--answer-tokens)", v.Cut, judged+v.Cut, v.MostTokens)
	}
	if v.Stopped && judged+v.Cut > 0 {
		remark("the time limit of %s ended the check before all questions were asked (--time-limit)", v.TimeLimit)
	}
	if longest.Finish == ner.FinishTooLong {
		problem("the longest question about %s does not fit with its answer into the context of %d tokens", row, v.Context)
	}
	if p.card != nil {
		for _, text := range special.Split(p.card.Special) {
			problem("%s should be one token, by card %s: these are other weights, or another tokenizer", text, p.card.Name)
		}
	}
	if v.Differ > 0 {
		remark("%d of %d questions are answered differently when they are asked again", v.Differ, v.Queries)
	}
	v.OK = len(v.Problems) == 0
}

func (v *checkedModel) write(env *environment) {
	digest := v.Digest
	if digest == "" {
		digest = "none"
	}
	fmt.Fprintf(env.stdout, "%s at %s, digest %s\n", v.Model, v.Server, digest)
	for _, line := range []struct{ name, value string }{{"computed by", v.Device}, {"special tokens", v.Special}} {
		if line.value != "" {
			fmt.Fprintf(env.stdout, "%s: %s\n", line.name, printable(line.value))
		}
	}
	if v.Context > 0 {
		fmt.Fprintf(env.stdout, "context of a run: %d tokens\n", v.Context)
	}
	fmt.Fprintf(env.stdout, "asked %d questions twice: %s; %d answered differently the second time\n", v.Queries, v.outcomes(), v.Differ)
	fmt.Fprintf(env.stdout, "bound: at most %d tokens an answer and %s for all questions; %d tokens were written\n", v.MostTokens, v.TimeLimit, v.AnswerTokens)
	if v.Example != "" {
		fmt.Fprintf(env.stdout, "the first answer: %s\n", printable(v.Example))
	}
	for _, r := range v.Remarks {
		fmt.Fprintf(env.stdout, "note: %s\n", printable(r))
	}
	if v.OK {
		fmt.Fprintln(env.stdout, "it can be asked")
		return
	}
	fmt.Fprintf(env.stdout, "it cannot be asked so: %s\n", printable(strings.Join(v.Problems, "; ")))
}

// outcomes says how many answers had which outcome, and how many were not judged.
func (v *checkedModel) outcomes() string {
	line := outcomesLine(v.Outcomes)
	switch {
	case v.Cut > 0 && line != "":
		return fmt.Sprintf("%s, not judged %d", line, v.Cut)
	case v.Cut > 0:
		return fmt.Sprintf("not judged %d", v.Cut)
	case line == "":
		return "no answers"
	}
	return line
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
