package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/harness/texts"
	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/reports/page"
)

// errorFormats lists the forms of runs errors, the default first.
var errorFormats = []string{"text", "jsonl", "html", "json"}

// shownPassages is the number of passages that runs errors prints for people.
const shownPassages = 20

func runErrorsCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name: "errors", Usage: "list the errors of a run, with gold, prediction and answer", ArgsUsage: "RUN",
		Description: `Errors are those of span_f1: gold entities and predictions are paired one to one
(docs/metrics.md). The kinds are
  missed      gold without a prediction
  spurious    a prediction without gold
  boundary    overlap, same type
  type        same span, other type
  both        overlap, other type; --kind boundary and --kind type include it
  unreadable  an answer that cannot be parsed, is cut, or was not sent
Offsets count code points.

--against RUN keeps only errors that the other run did not make: gold entities that it
found, wrong predictions that it did not make, and queries whose answers could be
parsed. It also shows the prediction and the answers of the other run.

The formats text, json and jsonl contain the text of the passages, for your own use.
html is for others: it contains text only if the licence of the dataset permits that,
unless --private is set.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "type", Usage: "only errors whose gold or predicted type is `TYPE`"},
			&cli.StringSliceFlag{Name: "kind", Usage: "only errors of `KINDS`: " + errorKinds()},
			&cli.StringFlag{Name: "against", Usage: "only errors that `RUN` did not make"},
			&cli.IntFlag{Name: "limit", Usage: "print `N` passages; 0: all (default: 20 in text and html, else all)"},
			formatFlag(errorFormats),
			&cli.StringFlag{Name: "out", Usage: "write to `FILE` (format by its ending: .html, .jsonl, .json, .txt)"},
			&cli.BoolFlag{Name: "private", Usage: "html: with the text of the passages, for yourself only"},
		},
		Action: func(c *cli.Context) error { return env.runErrors(c) },
	}
}

func errorKinds() string {
	var names []string
	for _, k := range harness.ErrorKinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func (env *environment) runErrors(c *cli.Context) error {
	if c.NArg() != 1 {
		return fault.Usagef("runs errors: needs one RUN")
	}
	format, err := env.errorsFormat(c)
	if err != nil {
		return err
	}
	r := harness.ErrorsRequest{Run: c.Args().First(), Against: c.String("against"), Type: ner.EntityType(c.String("type")), Limit: c.Int("limit")}
	switch {
	case r.Limit < 0:
		return fault.Usagef("runs errors: --limit %d: want a number from 0", r.Limit)
	case c.Bool("private") && format != "html":
		return fault.Usagef("runs errors: --private has no effect on %s: only html is without text", format)
	case !c.IsSet("limit") && (format == "text" || format == "html"):
		r.Limit = shownPassages
	}
	for _, kind := range splitList(c.StringSlice("kind")) {
		r.Kinds = append(r.Kinds, harness.ErrorKind(kind))
	}
	found, err := env.bench.Errors(c.Context, r)
	if err != nil {
		return fmt.Errorf("runs errors: %w", err)
	}
	if err := env.writeErrors(c, found, format); err != nil {
		return fmt.Errorf("runs errors: %w", err)
	}
	if found.Unfinished {
		return &fault.PartialError{Err: fmt.Errorf("run %s: %d passages are incomplete and were left out", found.Run, found.Incomplete)}
	}
	return nil
}

// errorsFormat reads --format; without it, the ending of --out chooses.
func (env *environment) errorsFormat(c *cli.Context) (string, error) {
	named := c.String("format")
	if out := c.String("out"); named == "" && out != "" && !env.json {
		switch ending := strings.TrimPrefix(filepath.Ext(out), "."); ending {
		case "html", "jsonl", "json":
			named = ending
		case "txt":
			named = "text"
		default:
			return "", fault.Usagef("runs errors: --out %s: want an ending .html, .jsonl, .json or .txt, or --format", out)
		}
	}
	return env.readFormat("runs errors", named, errorFormats)
}

func (env *environment) writeErrors(c *cli.Context, found *harness.RunErrors, format string) error {
	write := func(w io.Writer) error {
		switch format {
		case "jsonl":
			return found.WriteLines(w)
		case "json":
			return writeJSON(w, found.JSON())
		case "html":
			return env.writeErrorsPage(w, found, c.Bool("private"))
		}
		return texts.WriteErrors(w, env.painter(w), found)
	}
	out := c.String("out")
	if out == "" {
		if format != "text" && len(found.List) < found.Wrong {
			env.note("%d of %d passages with errors (--limit 0 for all)", len(found.List), found.Wrong)
		}
		return write(env.output(format))
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	if err := atomicfile.Write(out, func(w io.Writer) error { _, err := b.WriteTo(w); return err }); err != nil {
		return err
	}
	env.note("wrote %s: %d of %d passages with errors", out, len(found.List), found.Wrong)
	return nil
}

func (env *environment) writeErrorsPage(w io.Writer, found *harness.RunErrors, private bool) error {
	content := found.Page(private)
	content.Version = version
	if content.WithoutText {
		env.note("the page has no text: the licence of %s does not permit to show it to others (--private writes it for yourself)", found.Dataset)
	}
	return page.WriteErrors(w, content)
}
