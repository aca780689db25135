package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/prompts"
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
	Differ   int                 `json:"differ"` // answered differently the second time
	Example  string              `json:"example"`
	Remarks  []string            `json:"remarks"`  // what a reader of scores should know
	Problems []string            `json:"problems"` // why it cannot be asked so
	OK       bool                `json:"ok"`
}

// checkedQueries is how many questions are asked, twice.
const checkedQueries = 4

func checkFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "dataset", Aliases: []string{"d"}, Value: "sample-general", Usage: "`DATASET` to ask about"},
		&cli.StringFlag{Name: "card", Usage: "`CARD` that says how to ask"},
		&cli.StringFlag{Name: "family", Usage: "prompt `FAMILY`"},
		&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the prompt"},
		&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of the run; may be repeated"},
		&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server"},
		&cli.DurationFlag{Name: "timeout", Usage: "longest `TIME` for one query (default: 10m)"},
		apiKeyFlag(),
	}, localFlags()...)
}

// checkModel asks a model for what a run will need.
func (env *environment) checkModel(c *cli.Context) error {
	if c.NArg() != 1 {
		return fault.Usagef("models check: want MODEL")
	}
	p := runPlan{
		model: c.Args().First(), servers: c.StringSlice("base-url"), keyFile: c.String("api-key-file"),
		timeout: c.Duration("timeout"), local: readLocal(c), connections: 1,
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
	if p.ds, err = env.askedDatasets([]string{c.String("dataset")}, ""); err != nil {
		return err
	}
	if err := p.complete(); err != nil {
		return err
	}
	v, err := env.check(c.Context, p, p.ds[0])
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

// check opens a model, asks it about a dataset, and judges.
func (env *environment) check(ctx context.Context, p runPlan, dataset *datasets.Dataset) (*checkedModel, error) {
	found, err := env.surveyDataset(ctx, dataset, p.selection)
	if err != nil {
		return nil, err
	}
	renderer, err := env.renderer(ctx, p.keys, dataset)
	if err != nil {
		return nil, err
	}
	said := &remarks{}
	m, err := env.openModel(ctx, p, dataset, found, renderer, said.add)
	if err != nil {
		return nil, err
	}
	defer m.close()
	v := &checkedModel{
		Model: m.identity.Model, Digest: m.identity.Digest, Server: strings.TrimSpace(m.identity.Server + " " + m.identity.ServerVersion),
		Device: m.facts["device"], Context: m.decoding.Context, Special: m.facts["special_tokens"],
		Outcomes: map[ner.Outcome]int{}, Problems: []string{},
	}
	if p.card != nil {
		v.Card = p.card.Name
		if p.card.Saw(dataset.ID) == "yes" {
			said.add("it saw the train split of " + dataset.ID + " in training")
		}
	}
	if v.Digest == "" {
		said.add("the server tells no digest: the model is known by name only")
	}
	longest, err := env.askTwice(ctx, v, m, renderer, dataset, found)
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
	failed, _ := failureShare(v.Outcomes)
	problem := func(format string, args ...any) { v.Problems = append(v.Problems, fmt.Sprintf(format, args...)) }
	remark := func(format string, args ...any) { v.Remarks = append(v.Remarks, fmt.Sprintf(format, args...)) }
	dataset, family := p.ds[0].ID, p.keys["family"]
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

// askTwice asks a few questions about the first passages, reads the answers, and asks
// them again. It returns what comes of the longest question of the dataset.
func (env *environment) askTwice(ctx context.Context, v *checkedModel, m *model, renderer *prompts.Renderer, dataset *datasets.Dataset, found survey) (longest ner.Completion, err error) {
	docs, err := env.asked(ctx, dataset, found.part)
	if err != nil {
		return longest, err
	}
	how, err := how(dataset, mergeKeys(found.part.keys(dataset), renderer.Keys()))
	if err != nil {
		return longest, err
	}
	reading, err := loop.NewPassageParser(how)
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
			if longest, err = askLongest(ctx, m.runner, queries); err != nil {
				return longest, err
			}
		}
		if queries = queries[:min(len(queries), checkedQueries-v.Queries)]; len(queries) == 0 {
			continue
		}
		if err := v.ask(ctx, m.runner, reading, d, queries); err != nil {
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
func (v *checkedModel) ask(ctx context.Context, runner runners.Runner, reading *loop.PassageParser, d *ner.Document, queries []ner.Query) error {
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
	fmt.Fprintf(env.stdout, "asked %d questions twice: %s; %d answered differently the second time\n", v.Queries, outcomesLine(v.Outcomes), v.Differ)
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
