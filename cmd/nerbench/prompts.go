package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/harness"
	"nerbench/harness/texts"
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
					&cli.StringFlag{Name: "dataset", Aliases: []string{"d"}, Usage: "`DATASET` of the documents"},
					&cli.StringFlag{Name: "split", Value: "test", Usage: "`SPLIT` of the dataset: train, dev, test"},
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
	families, bad := env.bench.ListFamilies()
	if env.json {
		return errors.Join(env.printJSON(families), bad)
	}
	return errors.Join(texts.WriteFamilies(env.stdout, families), bad)
}

func (env *environment) showPrompts(c *cli.Context) error {
	if c.NArg() != 1 {
		return fault.Usagef("prompts show: want FAMILY")
	}
	f, err := env.bench.FindFamily(c.Args().First())
	if err != nil {
		return err
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

// documentsRenderer prepares the prompts of documents in a file.
func (env *environment) documentsRenderer(c *cli.Context, p ner.Plan) (*prompts.Renderer, error) {
	r := harness.DocumentsRequest{Name: c.String("dataset-name"), Types: answers.ParseTypeNames(c.String("types"))}
	if name := c.String("demonstrations"); name != "" {
		err := env.input(name).Read(func(in io.Reader) error {
			for d, err := range loaders.ReadDocuments(in) {
				if err != nil {
					return err
				}
				r.Train = append(r.Train, d)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return env.bench.DocumentsRenderer(p, r)
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
