package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
)

func parseCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "parse",
		Usage: "read raw answers",
		Description: `parse --family F --types a,b,c < answers.jsonl reads lines {"text": "raw answer"} and
prints what is understood of each. A line may have "document", the passage (then mentions are placed in it),
"finish" (stop, length), "types" (those asked for, where not all of --types), and "tokens" of the passage.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "family", Value: "uniner", Usage: "prompt `FAMILY`: " + strings.Join(answers.Families(), ", ")},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the family"},
			&cli.StringFlag{Name: "types", Usage: "`TYPES` asked for, separated by commas; native=natural names both; a JSON list of names or {\"native\", \"natural\"} may have commas in them"},
			&cli.StringFlag{Name: "type", Usage: "the one `TYPE` asked for, where --types are all of the dataset"},
			&cli.StringFlag{Name: "unknown", Value: "drop", Usage: "mentions of unknown types: `drop` or fp"},
			&cli.StringFlag{Name: "reader", Value: "ladder", Usage: "`READER`: ladder; published, the one of the family's authors (docs/spec/metrics.md §3.1, §3.2, §9); or official, uniner's parser alone, on the answer as it is (§3.2)"},
		},
		Action: func(c *cli.Context) error { return env.parse(c) },
	}
}

// rawAnswer is a line of parse's input.
type rawAnswer struct {
	Text     *string          `json:"text"`
	Document *string          `json:"document"`
	Tokens   [][2]int         `json:"tokens"`
	Finish   ner.Finish       `json:"finish"`
	Types    []ner.EntityType `json:"types"`
	Type     ner.EntityType   `json:"type"`
}

// parsedLine is a line of its output. Spans are there if the passage is.
type parsedLine struct {
	Outcome   ner.Outcome     `json:"outcome"`
	Step      string          `json:"step"`
	Flags     []ner.Flag      `json:"flags"`
	Mentions  []parsedMention `json:"mentions"`
	Dropped   []parsedDrop    `json:"dropped"`
	Spans     *[]placedSpan   `json:"spans,omitempty"`
	Unaligned *int            `json:"unaligned,omitempty"`
}

type parsedMention struct {
	Text  string         `json:"text"`
	Type  ner.EntityType `json:"type"`
	Flags []ner.Flag     `json:"flags"`
}

type parsedDrop struct {
	Why  string `json:"why"`
	Type string `json:"type,omitempty"`
	Text string `json:"text,omitempty"`
}

// newPlacedSpans writes spans in code points.
func newPlacedSpans(d *ner.Document, spans []ner.Span) []placedSpan {
	points := ner.NewCodePoints(d.Text)
	out := make([]placedSpan, len(spans))
	for i, s := range spans {
		out[i] = placedSpan{points.CodePoint(s.Start), points.CodePoint(s.End), s.Type}
	}
	return out
}

func (env *environment) parse(c *cli.Context) error {
	if c.NArg() > 0 {
		return fault.Usagef("parse: unexpected argument %q (answers come from standard input)", c.Args().First())
	}
	names := readTypeNames(c.String("types"))
	if len(names) == 0 {
		return fault.Usagef("parse: --types: name the types that were asked for")
	}
	var all []ner.EntityType
	for _, n := range names {
		all = append(all, n.Natural)
	}
	switch c.String("reader") {
	case "ladder":
	case "published":
		reader, err := publishedReaderOf(c.String("family"))
		if err != nil {
			return err
		}
		return env.parsePublished(reader, all)
	case "official":
		if family := c.String("family"); family != "uniner" {
			return fault.Usagef("parse: --reader official: is of the family uniner, not of %s", family)
		}
		return env.parsePublished(publishedReader{"uniner", readOfficial}, all)
	default:
		return fault.Usagef("parse: --reader %s: want ladder, published, or official", c.String("reader"))
	}
	reader, err := env.answerReader(c.String("family"), c.String("variant"), names, c.String("unknown"))
	if err != nil {
		return err
	}
	if one := c.String("type"); one != "" {
		all = []ner.EntityType{ner.EntityType(one)}
	}
	return env.filter("parse", func(line []byte) (any, error) {
		a, err := readRawAnswer(line)
		if err != nil {
			return nil, err
		}
		return parseAnswer(reader, a, all)
	})
}

func readRawAnswer(line []byte) (a rawAnswer, err error) {
	if err := json.Unmarshal(line, &a); err != nil {
		return a, err
	}
	if a.Text == nil {
		return a, fmt.Errorf(`want {"text": "raw answer"}`)
	}
	return a, nil
}

// answerReader prepares a reader of a family of the program, or of the user's own.
func (env *environment) answerReader(family, variant string, names []answers.TypeName, unknown string) (*answers.Parser, error) {
	own, err := env.bench.OwnFamilies()
	if err != nil {
		return nil, err
	}
	for _, f := range own {
		if f.Name == family {
			return answers.NewShapeParser(f.Answer, "", names, unknown)
		}
	}
	reader, err := answers.NewParser(family, variant, names, unknown)
	if err != nil {
		return nil, fault.Usagef("parse: %v", err)
	}
	return reader, nil
}

// typeName is an element of a JSON list of types: a name, or an object that has
// the native label, too.
type typeName answers.TypeName

func (n *typeName) UnmarshalJSON(data []byte) error {
	var natural string
	if json.Unmarshal(data, &natural) == nil {
		*n = typeName{Natural: ner.EntityType(natural), Native: natural}
		return nil
	}
	var both struct{ Native, Natural *string }
	if err := json.Unmarshal(data, &both); err != nil {
		return err
	}
	if both.Native == nil || both.Natural == nil {
		return fmt.Errorf(`want {"native", "natural"}`)
	}
	*n = typeName{Natural: ner.EntityType(*both.Natural), Native: *both.Native}
	return nil
}

// readTypeNames reads a list of types, separated by commas, or, where names have
// commas themselves, a JSON list of strings or of {"native", "natural"};
// "PER=person" names the native label, too.
func readTypeNames(list string) []answers.TypeName {
	var names []answers.TypeName
	var parsed []typeName
	if json.Unmarshal([]byte(list), &parsed) == nil {
		for _, n := range parsed {
			names = append(names, answers.TypeName(n))
		}
		return names
	}
	for t := range strings.SplitSeq(list, ",") {
		t = strings.TrimSpace(t)
		if t == "" {
			continue
		}
		native, natural, both := strings.Cut(t, "=")
		if !both {
			natural = native
		}
		names = append(names, answers.TypeName{Natural: ner.EntityType(natural), Native: native})
	}
	return names
}

func parseAnswer(reader *answers.Parser, a rawAnswer, types []ner.EntityType) (parsedLine, error) {
	if a.Types != nil {
		types = a.Types
	}
	if a.Type != "" {
		types = []ner.EntityType{a.Type}
	}
	var d *ner.Document
	if a.Document != nil {
		var err error
		if d, err = newDocument(*a.Document, a.Tokens); err != nil {
			return parsedLine{}, err
		}
	} else if reader.NeedsDocument() {
		return parsedLine{}, fmt.Errorf(`answers of this family say where their mentions are: want "document", too`)
	}
	p := reader.Read(d, types, ner.Completion{Text: *a.Text, Finish: a.Finish})
	out := parsedLine{Outcome: p.Outcome, Step: p.Step, Flags: []ner.Flag{}, Mentions: []parsedMention{}, Dropped: []parsedDrop{}}
	if d != nil {
		aligner, err := answers.NewAligner(d, answers.Alignment{})
		if err != nil {
			return out, err
		}
		answers.Place(&p, aligner)
		spans, unaligned := newPlacedSpans(d, p.Spans), len(p.Unaligned)
		out.Spans, out.Unaligned = &spans, &unaligned
	}
	for _, m := range p.Mentions {
		flags := append([]ner.Flag{}, m.Flags...)
		out.Mentions = append(out.Mentions, parsedMention{m.Text, m.Type, flags})
		for _, f := range flags {
			if !contains(out.Flags, f) {
				out.Flags = append(out.Flags, f)
			}
		}
	}
	for _, drop := range p.Dropped {
		out.Dropped = append(out.Dropped, parsedDrop(drop))
	}
	return out, nil
}

func contains[T comparable](list []T, v T) bool {
	for _, l := range list {
		if l == v {
			return true
		}
	}
	return false
}

// newDocument makes a document of a text and tokens in code points.
func newDocument(text string, tokens [][2]int) (*ner.Document, error) {
	d := &ner.Document{Text: text}
	points := ner.NewCodePoints(text)
	for i, t := range tokens {
		start, err := points.Byte(t[0])
		if err != nil {
			return nil, fmt.Errorf("token %d: %w", i, err)
		}
		end, err := points.Byte(t[1])
		if err != nil || end < start {
			return nil, fmt.Errorf("token %d: [%d,%d) is no range of the text", i, t[0], t[1])
		}
		d.Tokens = append(d.Tokens, ner.Range{Start: start, End: end})
	}
	return d, nil
}

// filter reads lines of standard input and prints a line of JSON for each. Blank
// lines are skipped; a bad one ends it, with its number.
func (env *environment) filter(name string, answer func(line []byte) (any, error)) error {
	out := bufio.NewWriter(env.stdout)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	err := eachJSONLine(env.stdin, func(_ int, line []byte) error {
		v, err := answer(line)
		if err != nil {
			return err
		}
		return enc.Encode(v)
	})
	var at *metrics.LineError
	if errors.As(err, &at) {
		_ = out.Flush() // what was understood before it is printed; the error below is the one to tell
		return fmt.Errorf("%s: standard input:%d: %w", name, at.Line, at.Err)
	}
	return errors.Join(err, out.Flush())
}
