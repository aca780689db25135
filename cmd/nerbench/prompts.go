package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/prompts"
)

func promptsCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "prompts",
		Usage: "list prompt families, and render the exact prompts",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list prompt families and their variants",
				Action: func(*cli.Context) error { return env.listPrompts() },
			},
			{
				Name: "show", Usage: "print the templates of a family", ArgsUsage: "FAMILY",
				Action: func(c *cli.Context) error { return env.showPrompts(c) },
			},
			{
				Name: "render", Usage: "print the prompts of documents as JSON Lines",
				Description: `render --dataset DATASET prints the prompts of the documents of a dataset.
render --documents FILE --types a,b,c prints those of documents in JSON Lines.`,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "family", Usage: "prompt `FAMILY` (default: uniner)"},
					&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the family"},
					&cli.StringFlag{Name: "dataset", Usage: "`DATASET` of the documents"},
					&cli.StringFlag{Name: "split", Value: "test", Usage: "`SPLIT` of the dataset"},
					&cli.StringFlag{Name: "documents", Usage: "`FILE` of documents, JSON Lines; - is standard input"},
					&cli.StringFlag{Name: "types", Usage: "entity `TYPES`, separated by commas, with --documents"},
					&cli.StringFlag{Name: "dataset-name", Usage: "`NAME` of the dataset in the prompt, with --documents"},
					&cli.StringFlag{Name: "demonstrations", Usage: "`FILE` of documents to choose demonstrations from, with --documents"},
					&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of a run (see help keys): " + strings.Join(ner.KeyNames(ner.Settable, rendered), ", ")},
					&cli.IntFlag{Name: "limit", Usage: "only the first `N` documents"},
					formatFlag(lineFormats),
				},
				Action: func(c *cli.Context) error { return env.renderPrompts(c) },
			},
		},
	}
}

func (env *environment) listPrompts() error {
	families, bad := env.bench.AllFamilies()
	if env.json {
		type variant struct {
			Name    string `json:"name"`
			Meaning string `json:"meaning"`
		}
		type family struct {
			Name        string    `json:"name"`
			Meaning     string    `json:"meaning"`
			Layout      string    `json:"layout"`
			Shape       string    `json:"shape"`
			Variants    []variant `json:"variants"`
			DatasetLine []string  `json:"dataset_line"`
		}
		out := []family{}
		for _, f := range families {
			o := family{Name: f.Name, Meaning: f.Meaning, Layout: f.Layout, Shape: f.Shape, DatasetLine: f.DatasetLine}
			for _, v := range f.Variants {
				o.Variants = append(o.Variants, variant{v.Name, v.Meaning})
			}
			out = append(out, o)
		}
		return errors.Join(env.printJSON(out), bad)
	}
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	for _, f := range families {
		fmt.Fprintf(w, "%s\t%s\t(%s, %s)\n", f.Name, f.Meaning, f.Layout, f.Shape)
		for _, v := range f.Variants {
			fmt.Fprintf(w, "  %s\t%s\t\n", v.Name, v.Meaning)
		}
		if len(f.DatasetLine) > 0 {
			fmt.Fprintf(w, "  +%s\tany of these with a dataset line\t\n", strings.Join(f.DatasetLine, ", +"))
		}
	}
	return errors.Join(w.Flush(), bad)
}

func (env *environment) showPrompts(c *cli.Context) error {
	if c.NArg() != 1 {
		return fault.Usagef("prompts show: want FAMILY")
	}
	own, err := env.bench.OwnFamilies(c.Args().First())
	if err != nil {
		return err
	}
	f, err := prompts.Find(c.Args().First(), own...)
	if err != nil {
		return fault.Usagef("%v", err)
	}
	if env.json {
		shown := map[string]map[string]string{}
		for _, v := range f.Variants {
			shown[v.Name] = map[string]string{}
			for _, p := range f.Parts(v.Name) {
				shown[v.Name][partName(p)] = p.Text
			}
		}
		return env.printJSON(shown)
	}
	for _, v := range f.Variants {
		fmt.Fprintf(env.stdout, "--- %s: %s\n", v.Name, v.Meaning)
		for _, p := range f.Parts(v.Name) {
			fmt.Fprintf(env.stdout, "[%s]\n%s\n", partName(p), strings.TrimSuffix(p.Text, "\n"))
		}
	}
	return nil
}

// partName returns the name of a template in the output.
func partName(p prompts.Part) string {
	if p.Name == "" {
		return "prompt"
	}
	return p.Name
}

func (env *environment) renderPrompts(c *cli.Context) error {
	p, err := readPlan(c)
	if err != nil {
		return err
	}
	format, err := env.readFormat("prompts render", c.String("format"), lineFormats)
	if err != nil {
		return err
	}
	limit := p.Limit
	switch {
	case c.IsSet("dataset") == c.IsSet("documents"):
		return fault.Usagef("prompts render: want --dataset, or --documents with --types")
	case c.IsSet("dataset"):
		return env.renderDataset(c, p, format, limit)
	case !c.IsSet("types"):
		return fault.Usagef("prompts render: --documents needs --types")
	}
	r, err := env.documentsRenderer(c, p)
	if err != nil {
		return err
	}
	return env.input(c.String("documents")).Read(func(in io.Reader) error {
		return env.printQueries(r, loaders.ReadDocuments(in), format, limit)
	})
}

// documentsRenderer prepares the prompts of documents in a file. Their dataset has the
// id "documents".
func (env *environment) documentsRenderer(c *cli.Context, p ner.Plan) (*prompts.Renderer, error) {
	settings := harness.PromptSettings(p, &datasets.Dataset{Title: c.String("dataset-name")})
	var err error
	if settings.Own, err = env.bench.OwnFamilies(settings.Family); err != nil {
		return nil, err
	}
	dataset := prompts.Dataset{ID: "documents"}
	for _, t := range answers.ParseTypeNames(c.String("types")) {
		dataset.Types = append(dataset.Types, prompts.TypeInfo{Name: t.Natural, Native: string(t.Natural)})
	}
	if err := env.bench.Describe(&dataset); err != nil {
		return nil, err
	}
	if name := c.String("demonstrations"); name != "" {
		err := env.input(name).Read(func(in io.Reader) error {
			for d, err := range loaders.ReadDocuments(in) {
				if err != nil {
					return err
				}
				dataset.Train = append(dataset.Train, d)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	r, err := prompts.New(dataset, settings)
	if err != nil {
		return nil, fault.Usagef("%v", err)
	}
	return r, nil
}

func (env *environment) renderDataset(c *cli.Context, p ner.Plan, format string, limit int) error {
	dataset, err := env.bench.FindDataset(c.String("dataset"))
	if err != nil {
		return fault.Usagef("%v", err)
	}
	r, err := env.bench.Renderer(c.Context, p, dataset)
	if err != nil {
		return err
	}
	if p.Split == "" {
		p.Split = ner.Test
	}
	docs, err := env.bench.Documents(c.Context, dataset, harness.LoaderOptions(p))
	if err != nil {
		return err
	}
	return env.printQueries(r, docs, format, limit)
}

// printQueries prints the queries of the first documents; limit 0: of all documents.
func (env *environment) printQueries(r *prompts.Renderer, docs iter.Seq2[*ner.Document, error], format string, limit int) error {
	return env.writeLines(format, func(w io.Writer) error { return harness.WriteQueries(w, r, docs, limit) })
}
