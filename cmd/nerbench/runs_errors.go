package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/internal/terminal"
	"nerbench/metrics"
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

--against RUN keeps only errors that the other run did not make: gold entities
that it found, wrong predictions that it did not make, and queries whose types it
answered readably. It also shows the prediction and the answers of the other run.

The formats text, json and jsonl are for yourself, and have the text of the
passages. html is for others: it has text only if the licence of the dataset
permits that, unless --private is set.`,
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
		return (&errorsText{env: env, RunErrors: found}).write(w)
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

// errorsText prints errors for people.
type errorsText struct {
	env *environment
	*harness.RunErrors
}

func (t *errorsText) write(w io.Writer) error {
	fmt.Fprintf(w, "%s on %s\n", terminal.Printable(t.Model), terminal.Printable(t.Dataset))
	for _, line := range t.Lead() {
		fmt.Fprintln(w, line)
	}
	var counts []string
	for _, kind := range harness.ErrorKinds {
		counts = append(counts, fmt.Sprintf("%s %d", kind, t.Counts[kind]))
	}
	fmt.Fprintln(w, strings.Join(counts, ", "))
	for i := range t.List {
		if err := t.passage(w, &t.List[i]); err != nil {
			return err
		}
	}
	if hidden := t.Wrong - len(t.List); hidden > 0 {
		_, err := fmt.Fprintf(w, "\n%d more passages with errors (--limit %d, or 0 for all)\n", hidden, t.Wrong)
		return err
	}
	return nil
}

func (t *errorsText) passage(w io.Writer, p *harness.WrongPassage) error {
	fmt.Fprintf(w, "\n%s\n", t.env.paint(w, cyan, terminal.Printable(p.Document.ID)))
	indented(w, "  ", p.Document.Text)
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "  %s\tgold\tpredicted\n", t.env.paint(w, usual, "kind"))
	points := ner.NewCodePoints(p.Document.Text)
	for _, e := range p.Errors {
		t.line(tw, w, e, p.Document.Text, points, red)
	}
	for _, e := range p.Others {
		painted := usual
		if e.Kind == harness.KindRight {
			painted = green
		}
		t.line(tw, w, e, p.Document.Text, points, painted)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	t.answers(w, "answer", p.RelevantAnswers(&p.Run))
	if p.Against != nil {
		t.against(w, p, points)
	}
	return nil
}

// line prints one entity. Selected errors have another colour than the rest.
func (t *errorsText) line(tw, w io.Writer, e harness.PassageError, text string, points ner.CodePoints, painted style) {
	kind := t.env.paint(w, painted, string(e.Kind))
	if e.Answer != nil {
		fmt.Fprintf(tw, "  %s\tanswer about %s\t%s\n", kind, typeNames(e.Answer.Types), e.Answer.Outcome)
		return
	}
	gold, pred := "–", "–"
	if e.Class != metrics.Spurious {
		gold = entityText(text, e.Gold, points)
	}
	switch {
	case e.Unaligned:
		pred = terminal.Printable(e.Text) + " (" + terminal.Printable(string(e.Pred.Type)) + ") not in the text"
	case e.Class != metrics.Missed:
		pred = entityText(text, e.Pred, points)
	}
	fmt.Fprintf(tw, "  %s\t%s\t%s\n", kind, gold, pred)
}

// entityText prints an entity with its type and its offsets in code points.
func entityText(text string, s ner.Span, points ner.CodePoints) string {
	if !ner.ValidSpan(text, s) {
		return fmt.Sprintf("(%s) %d–%d, outside the text", terminal.Printable(string(s.Type)), s.Start, s.End)
	}
	return fmt.Sprintf("%s (%s) %d–%d", terminal.Printable(text[s.Start:s.End]), terminal.Printable(string(s.Type)), points.CodePoint(s.Start), points.CodePoint(s.End))
}

// against prints the prediction of the other run.
func (t *errorsText) against(w io.Writer, p *harness.WrongPassage, points ner.CodePoints) {
	var found []string
	for _, s := range p.Against.Spans {
		found = append(found, entityText(p.Document.Text, s, points))
	}
	for _, m := range p.Against.Unaligned {
		found = append(found, terminal.Printable(m.Text)+" ("+terminal.Printable(string(m.Type))+") not in the text")
	}
	if len(found) == 0 {
		found = []string{"nothing"}
	}
	fmt.Fprintf(w, "  the other run predicted: %s\n", strings.Join(found, "; "))
	t.answers(w, "the other run's answer", p.RelevantAnswers(p.Against))
}

func (t *errorsText) answers(w io.Writer, name string, answers []harness.ReadAnswer) {
	for _, a := range answers {
		fmt.Fprintf(w, "  %s about %s (%s):\n", name, typeNames(a.Types), a.Outcome)
		indented(w, "    ", harness.ShownAnswer(a.Completion.Text))
	}
}

func typeNames(types []ner.EntityType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = terminal.Printable(string(t))
	}
	return strings.Join(names, ", ")
}

// indented prints a text of several lines, without characters that could disturb a
// terminal.
func indented(w io.Writer, indent, text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		fmt.Fprintf(w, "%s%s\n", indent, terminal.Line(line))
	}
}
