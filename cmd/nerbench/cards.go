package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/models"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/reports"
	"nerbench/runners"
)

func modelsCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "models",
		Usage: "cards of published models, and whether a model can be asked",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "the model cards",
				Action: func(*cli.Context) error { return env.listCards() },
			},
			{
				Name: "show", Usage: "one card", ArgsUsage: "CARD",
				Action: func(c *cli.Context) error { return env.showCard(c) },
			},
			{
				Name: "check", Usage: "ask a model for what a run will need, and say whether it can be asked", ArgsUsage: "MODEL",
				Description: `check opens the model as run does, looks at its identity, its context and its
templates, asks a few questions about the first passages of a row, twice, and reads the
answers. MODEL is as in run, or the name of a card that names one.`,
				Flags: append([]cli.Flag{
					&cli.StringFlag{Name: "dataset", Aliases: []string{"d"}, Value: "sample-general", Usage: "`ROW` to ask about"},
					&cli.StringFlag{Name: "card", Usage: "`CARD` that says how to ask"},
					&cli.StringFlag{Name: "family", Usage: "prompt `FAMILY`"},
					&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the prompt"},
					&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of the run; may be repeated"},
					&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server"},
					&cli.DurationFlag{Name: "timeout", Usage: "longest `TIME` for one query (default: 10m)"},
					apiKeyFlag(),
				}, localFlags()...),
				Action: func(c *cli.Context) error { return env.checkModel(c) },
			},
		},
	}
}

// cards are those of the program, then the user's own, which may not have the name
// of another one.
func (env *environment) cards() ([]models.Card, error) {
	cards, err := models.Embedded()
	if err != nil || env.models == "" {
		return cards, err
	}
	own, err := models.Read(os.DirFS(env.models))
	if err != nil {
		return nil, fmt.Errorf("model cards in %s:\n%w", env.models, err)
	}
	for _, c := range own {
		if _, err := models.Find(cards, c.Name); err == nil {
			return nil, fmt.Errorf("model cards in %s: %s: there is a card of that name", env.models, c.Name)
		}
		if _, _, err := modelKind(c.Model); c.Model != "" && err != nil {
			return nil, fmt.Errorf("model cards in %s: %s: %w", env.models, c.Name, err)
		}
		if file, ok := strings.CutPrefix(c.Model, "gguf/"); ok && !filepath.IsAbs(file) {
			c.Model = "gguf/" + filepath.Join(env.models, file)
		}
		cards = append(cards, c)
	}
	return cards, nil
}

// findCard finds a card by its name.
func (env *environment) findCard(name string) (*models.Card, error) {
	cards, err := env.cards()
	if err != nil {
		return nil, err
	}
	card, err := models.Find(cards, name)
	if err != nil {
		return nil, usagef("%v", err)
	}
	return &card, nil
}

// takeCard takes from a card what a plan leaves open: whom to ask, if the plan's model
// is the name of a card, and how.
func (env *environment) takeCard(p *runPlan, named string) error {
	if named == "" {
		if _, _, err := modelKind(p.model); err == nil {
			return nil
		}
		cards, err := env.cards()
		if err != nil {
			return err
		}
		if _, err := models.Find(cards, p.model); err != nil {
			return nil // whoever opens the model says what is known
		}
		named = p.model
	}
	card, err := env.findCard(named)
	if err != nil {
		return err
	}
	if p.model == named {
		if p.model = card.Model; p.model == "" {
			return &runners.Hint{
				Err:    usagef("model card %s: says how %s is asked, not by whom it is served", card.Name, card.Title),
				Advice: fmt.Sprintf("name its server: -m ollama/NAME --card %s, or vllm/NAME, gguf/FILE", card.Name),
			}
		}
	}
	p.card = card
	if p.keys["family"] == "" {
		p.keys["family"] = card.Family
		if p.keys["variant"] == "" {
			p.keys["variant"] = card.Variant
		}
	}
	return nil
}

// cardFacts are what a card says of a run beside its keys.
func (p *runPlan) cardFacts(row string) map[string]string {
	if p.card == nil {
		return nil
	}
	return map[string]string{"card": p.card.Name, "seen": p.card.Saw(row)}
}

func (env *environment) listCards() error {
	cards, err := env.cards()
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(cards)
	}
	g := reports.Grid{Title: "model cards", Header: []string{"card", "model", "family", "variant", "shape", "training rows"}, Labels: 5}
	for _, c := range cards {
		training := "unknown"
		if c.Training != nil {
			training = fmt.Sprint(len(c.Training))
		}
		g.Body = append(g.Body, []string{c.Name, c.Title, c.Family, c.Variant, c.Shape, training})
	}
	g.Notes = []string{"run -m ollama/NAME --card CARD asks a model as its card says"}
	return g.Write(env.stdout, "text")
}

func (env *environment) showCard(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("models show: want CARD")
	}
	card, err := env.findCard(c.Args().First())
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(card)
	}
	fmt.Fprintf(env.stdout, "%s: %s\n\nasked by %s, variant %s, as %s\n", card.Name, card.Title, card.Family, card.Variant, card.Shape)
	for _, line := range []struct{ name, value string }{
		{"served as", card.Model}, {"weights", card.Where}, {"stop", strings.Join(card.Stop, " ")}, {"note", card.Note},
	} {
		if line.value != "" {
			fmt.Fprintf(env.stdout, "%s: %s\n", line.name, line.value)
		}
	}
	if card.Context > 0 {
		fmt.Fprintf(env.stdout, "context: %d tokens\n", card.Context)
	}
	switch {
	case card.Training == nil:
		fmt.Fprintln(env.stdout, "training rows: unknown")
	case len(card.Training) == 0:
		fmt.Fprintln(env.stdout, "training rows: none of the benchmark")
	default:
		fmt.Fprintf(env.stdout, "training rows (%d): %s\n", len(card.Training), strings.Join(card.Training, ", "))
	}
	return nil
}

// checkedModel is the verdict of models check in JSON.
type checkedModel struct {
	Model    string              `json:"model"`
	Card     string              `json:"card,omitempty"`
	Digest   string              `json:"digest"`
	Server   string              `json:"server"`
	Context  int                 `json:"context"`
	Needs    int                 `json:"needs"` // tokens of the longest prompt and its answer, at most
	Queries  int                 `json:"queries"`
	Outcomes map[ner.Outcome]int `json:"outcomes"`
	Differ   int                 `json:"differ"` // answered differently the second time
	Example  string              `json:"example"`
	Remarks  []string            `json:"remarks"`
	OK       bool                `json:"ok"`
}

// checkedQueries is how many questions are asked, twice.
const checkedQueries = 4

// checkModel asks a model for what a run will need.
func (env *environment) checkModel(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("models check: want MODEL")
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
	if p.rows, err = env.askedRows([]string{c.String("dataset")}, ""); err != nil {
		return err
	}
	if err := p.complete(); err != nil {
		return err
	}
	v, err := env.check(c.Context, p)
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

func (env *environment) check(ctx context.Context, p runPlan) (*checkedModel, error) {
	row := p.rows[0]
	found, err := env.surveyRow(ctx, row, p.selection)
	if err != nil {
		return nil, err
	}
	renderer, err := env.renderer(ctx, p.keys, row)
	if err != nil {
		return nil, err
	}
	m, err := env.openModel(ctx, p, row, found, renderer, &rowNotes{env: env, row: row.ID})
	if err != nil {
		return nil, err
	}
	defer m.close()
	longest, answer, _, err := longestPrompt(renderer, found.longest)
	if err != nil {
		return nil, err
	}
	v := &checkedModel{
		Model: m.identity.Model, Digest: m.identity.Digest, Server: strings.TrimSpace(m.identity.Server + " " + m.identity.ServerVersion),
		Context: m.identity.Context, Needs: runners.ContextFor(0, longest, answer), Outcomes: map[ner.Outcome]int{}, Remarks: []string{},
	}
	if p.card != nil {
		v.Card = p.card.Name
	}
	if v.Context > 0 && v.Needs > v.Context {
		v.Remarks = append(v.Remarks, fmt.Sprintf("the longest prompt of %s may need %d tokens, the model has %d: what does not fit is counted as too long", row.ID, v.Needs, v.Context))
	}
	if v.Digest == "" {
		v.Remarks = append(v.Remarks, "the server tells no digest: the model is known by name only")
	}
	if err := env.askTwice(ctx, v, m, p, renderer, found); err != nil {
		return nil, err
	}
	failed := 0
	for o, n := range v.Outcomes {
		if o.Failure() {
			failed += n
		}
	}
	if failed > 0 {
		v.Remarks = append(v.Remarks, fmt.Sprintf("%d of %d answers cannot be read: is %s the family of this model? (models list)", failed, v.Queries, p.keys["family"]))
	}
	if v.Differ > 0 {
		v.Remarks = append(v.Remarks, fmt.Sprintf("%d of %d questions are answered differently when they are asked again", v.Differ, v.Queries))
	}
	v.OK = v.Queries > 0 && failed < v.Queries
	return v, nil
}

// askTwice asks a few questions, reads the answers, and asks them again.
func (env *environment) askTwice(ctx context.Context, v *checkedModel, m *model, p runPlan, renderer *prompts.Renderer, found survey) error {
	row := p.rows[0]
	docs, err := env.asked(ctx, row, found.part)
	if err != nil {
		return err
	}
	how, err := how(row, mergeKeys(p.keys, renderer.Keys()))
	if err != nil {
		return err
	}
	reader, err := answers.NewReader(how.Family, how.Variant, how.Types, "")
	if how.Answer != "" {
		reader, err = answers.NewShapeReader(how.Answer, "", how.Types, "")
	}
	if err != nil {
		return err
	}
	for d, err := range docs {
		if err != nil {
			return err
		}
		queries, err := renderer.Queries(d)
		if err != nil {
			return err
		}
		queries = queries[:min(len(queries), checkedQueries-v.Queries)]
		if len(queries) == 0 {
			break
		}
		got, err := m.runner.Complete(ctx, queries)
		if err != nil {
			return err
		}
		for i, c := range got {
			v.Outcomes[reader.Read(d, queries[i].Types, c).Outcome]++
			if v.Example == "" {
				v.Example = c.Text
			}
		}
		differ, err := runners.Repeatability(ctx, m.runner, queries)
		if err != nil {
			return err
		}
		v.Queries, v.Differ = v.Queries+len(queries), v.Differ+differ
	}
	return nil
}

func (v *checkedModel) write(env *environment) {
	digest := v.Digest
	if digest == "" {
		digest = "none"
	}
	fmt.Fprintf(env.stdout, "%s at %s, digest %s, context %d\n", v.Model, v.Server, digest, v.Context)
	var outcomes []string
	for _, o := range slices.Sorted(maps.Keys(v.Outcomes)) {
		outcomes = append(outcomes, fmt.Sprintf("%s %d", o, v.Outcomes[o]))
	}
	fmt.Fprintf(env.stdout, "asked %d questions twice: %s; %d answered differently the second time\n", v.Queries, strings.Join(outcomes, ", "), v.Differ)
	if v.Example != "" {
		fmt.Fprintf(env.stdout, "the first answer: %s\n", printable(v.Example))
	}
	for _, r := range v.Remarks {
		fmt.Fprintf(env.stdout, "note: %s\n", r)
	}
	verdict := "it can be asked"
	if !v.OK {
		verdict = "it cannot be asked so: no answer could be read"
	}
	fmt.Fprintln(env.stdout, verdict)
}
