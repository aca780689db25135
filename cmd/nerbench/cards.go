package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/prompts"
	"nerbench/reports"
	"nerbench/runners/cards"
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
				Description: `check opens the model as run does and looks at its identity, its context, its special
tokens, its chat template where one is needed, and what computes it. It asks a few
questions about the first passages of a dataset, twice, then the longest one of the dataset, and
reads the answers. MODEL is as in run, or the name of a card that names one. Exit code 1:
the model cannot be asked so.`,
				Flags:  checkFlags(),
				Action: func(c *cli.Context) error { return env.checkModel(c) },
			},
		},
	}
}

// cards are those of the program, then the user's own, which may not have the name
// of another one.
func (env *environment) cards() ([]cards.Card, error) {
	list, err := cards.Embedded()
	if err != nil || env.models == "" {
		return list, err
	}
	own, err := cards.Read(os.DirFS(env.models))
	if err != nil {
		return nil, fmt.Errorf("model cards in %s:\n%w", env.models, err)
	}
	for _, c := range own {
		_, taken := cards.Find(list, c.Name)
		if taken == nil {
			err = errors.New("there is a card of that name")
		} else {
			err = env.lintCard(&c)
		}
		if err != nil {
			return nil, fmt.Errorf("model cards in %s: %s: %w", env.models, c.Name, err)
		}
		for _, kind := range []string{"gguf/", "onnx/"} {
			if file, ok := strings.CutPrefix(c.Model, kind); ok && !filepath.IsAbs(file) {
				c.Model = kind + filepath.Join(env.models, file)
			}
		}
		list = append(list, c)
	}
	return list, nil
}

// lintCard holds a card against the datasets, the prompt families and the kinds of models
// that there are: a misspelt dataset would be one that the model never saw.
func (env *environment) lintCard(c *cards.Card) error {
	v, err := env.variant(c.Family, c.Variant)
	if err != nil {
		return err
	}
	if v.Shape == "chat" && c.Shape != "chat" {
		return fmt.Errorf("shape: variant %s of family %s is a chat and cannot be sent as a %s", v.Name, c.Family, c.Shape)
	}
	if c.Model != "" {
		if _, _, err := modelKind(c.Model); err != nil {
			return fmt.Errorf("model: %v", err) // it is the card that is wrong, not the usage
		}
	}
	ds, err := env.allDatasets()
	if err != nil {
		return err
	}
	var faults []error
	for _, id := range c.Training {
		if strings.HasPrefix(id, samplePrefix) {
			_, err = env.findDataset(id)
		} else {
			_, err = datasets.Find(ds, id)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("training: %s: %w", id, err))
		}
	}
	return errors.Join(faults...)
}

// variant is a variant of a prompt family, of the program or of the user's own.
func (env *environment) variant(family, name string) (prompts.Variant, error) {
	own, err := env.ownFamilies()
	if err != nil {
		return prompts.Variant{}, err
	}
	f, err := prompts.Find(family, own...)
	if err != nil {
		return prompts.Variant{}, err
	}
	return f.Named(name)
}

// findCard finds a card by its name.
func (env *environment) findCard(name string) (*cards.Card, error) {
	list, err := env.cards()
	if err != nil {
		return nil, err
	}
	card, err := cards.Find(list, name)
	if err != nil {
		return nil, fault.Usagef("%v", err)
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
		list, err := env.cards()
		if err != nil {
			return err
		}
		if _, err := cards.Find(list, p.model); err != nil {
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
			return &fault.Hint{
				Err:    fault.Usagef("model card %s: says how %s is asked, not by whom it is served", card.Name, card.Title),
				Advice: fmt.Sprintf("name its server: -m ollama/NAME --card %s, or vllm/NAME, gguf/FILE", card.Name),
			}
		}
	}
	p.card = card
	return env.askAsCard(p)
}

// askAsCard takes from the card of a plan how it is asked, where the plan leaves that
// open.
func (env *environment) askAsCard(p *runPlan) error {
	open := func(key, value string) {
		if value != "" && p.keys[key] == "" {
			p.keys[key] = value
		}
	}
	if p.keys["family"] == "" {
		p.keys["family"] = p.card.Family
		open("variant", p.card.Variant)
		v, err := env.variant(p.keys["family"], p.keys["variant"])
		if err != nil {
			return err
		}
		if p.card.Shape == "chat" && v.Shape != "chat" {
			open("as", "chat")
		}
	}
	if p.card.Think {
		open("think", "on")
	}
	if len(p.card.Stop) > 0 {
		stop, err := json.Marshal(p.card.Stop)
		if err != nil {
			return err
		}
		open("stop", string(stop))
	}
	return nil
}

// cardFacts are what a card says of a run beside its keys.
func (p *runPlan) cardFacts(dataset string) map[string]string {
	if p.card == nil {
		return nil
	}
	return map[string]string{"card": p.card.Name, "seen": p.card.Saw(dataset)}
}

func (env *environment) listCards() error {
	list, err := env.cards()
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(list)
	}
	g := reports.Grid{Title: "model cards", Header: []string{"card", "model", "family", "variant", "shape", "training datasets"}, Labels: 5}
	for _, c := range list {
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
		return fault.Usagef("models show: want CARD")
	}
	card, err := env.findCard(c.Args().First())
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(card)
	}
	thinking := ""
	if card.Think {
		thinking = ", thinking first"
	}
	fmt.Fprintf(env.stdout, "%s: %s\n\nasked by %s, variant %s, as %s%s\n", card.Name, card.Title, card.Family, card.Variant, card.Shape, thinking)
	for _, line := range []struct{ name, value string }{
		{"served as", card.Model}, {"weights", card.Where}, {"stop", strings.Join(card.Stop, " ")},
		{"one token each", strings.Join(card.Special, " ")}, {"note", card.Note},
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
		fmt.Fprintln(env.stdout, "training datasets: unknown")
	case len(card.Training) == 0:
		fmt.Fprintln(env.stdout, "training datasets: none of the benchmark")
	default:
		fmt.Fprintf(env.stdout, "training datasets (%d): %s\n", len(card.Training), strings.Join(card.Training, ", "))
	}
	return nil
}
