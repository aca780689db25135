package files

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"nerbench/answers"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/prompts"
)

// Parsers are the possible values of [ParseOptions.Parser].
var Parsers = []string{"ladder", "published", "official"}

// ParseOptions are the options of [Parse].
type ParseOptions struct {
	// Family and Variant are those of the prompts.
	Family, Variant string
	// Form is the form of the answers to a family of the user's own, one of
	// [answers.Forms]; empty: the form of Family.
	Form string
	// Types are all types of the dataset, at least one. A line can name the types of
	// its query.
	Types []answers.TypeName
	// Type is the one type of the queries; empty: all types.
	Type    ner.EntityType
	Unknown string // drop (default) or fp (docs/spec/metrics.md §1.3)
	// Parser is one of [Parsers]: ladder (default); published, the parser of the
	// family's authors (docs/spec/metrics.md §3.1, §3.2, §9); or official, the parser of
	// uniner on the unchanged answer (§3.2).
	Parser string
}

// ParsedAnswer is a line of the output of [Parse] with the ladder. It has spans if the
// line has a document. Offsets count code points.
type ParsedAnswer struct {
	Outcome  ner.Outcome      `json:"outcome"`
	Step     string           `json:"step"`
	Flags    []ner.Flag       `json:"flags"`
	Mentions []ParsedMention  `json:"mentions"`
	Dropped  []DroppedMention `json:"dropped"`
	// Unused are the parts of the answer beside the value with the mentions.
	Unused    []DroppedMention `json:"unused,omitempty"`
	Spans     *[]ner.PointSpan `json:"spans,omitempty"`
	Unaligned *int             `json:"unaligned,omitempty"`
}

// ParsedMention is a mention with flags for the repairs of its answer.
type ParsedMention struct {
	Text  string         `json:"text"`
	Type  ner.EntityType `json:"type"`
	Flags []ner.Flag     `json:"flags"`
}

// DroppedMention is an item of an answer that is not a mention, and the reason.
type DroppedMention struct {
	Why  string `json:"why"`
	Type string `json:"type,omitempty"`
	Text string `json:"text,omitempty"`
}

// Parse parses raw answers. It reads lines {"text": "raw answer"} and writes one
// [ParsedAnswer] per line, or a [PublishedAnswer] if the parser is published or
// official. A line may have "document", the passage to align mentions with, "tokens"
// of the passage, "finish" (stop, length), and "types" or "type" of the query.
func Parse(ctx context.Context, in File, out io.Writer, o ParseOptions) error {
	if len(o.Types) == 0 {
		return fault.Usagef("types: want the types of the queries")
	}
	var all []ner.EntityType
	for _, n := range o.Types {
		all = append(all, n.Natural)
	}
	if o.Type != "" && !slices.Contains(all, o.Type) {
		return fault.Usagef("type %q: not among the types of the dataset%s", o.Type, ner.Choices(o.Type, all))
	}
	if o.Parser != "" && o.Parser != "ladder" {
		parser, err := publishedParserOf(o)
		if err != nil {
			return err
		}
		return filter(ctx, in, out, func(line []byte) (any, error) { return parser.parseLine(line, all) })
	}
	parser, err := newParser(o)
	if err != nil {
		return err
	}
	if o.Type != "" {
		all = []ner.EntityType{o.Type}
	}
	return filter(ctx, in, out, func(line []byte) (any, error) {
		a, err := readRawAnswer(line)
		if err != nil {
			return nil, err
		}
		return parseAnswer(parser, a, all)
	})
}

func newParser(o ParseOptions) (*answers.Parser, error) {
	form := o.Form
	if form == "" {
		a, err := prompts.AnswersOf(o.Family, o.Variant)
		if err == nil {
			err = prompts.CheckVariant(o.Family, o.Variant)
		}
		if err != nil {
			return nil, fault.Usagef("%v", err)
		}
		form = a.Form
	}
	parser, err := answers.NewParser(form, o.Types, o.Unknown)
	if err != nil {
		return nil, fault.Usagef("%v", err)
	}
	return parser, nil
}

// rawAnswer is a line of the input.
type rawAnswer struct {
	Text     *string          `json:"text"`
	Document *string          `json:"document"`
	Tokens   [][2]int         `json:"tokens"`
	Finish   ner.Finish       `json:"finish"`
	Types    []ner.EntityType `json:"types"`
	Type     ner.EntityType   `json:"type"`
}

func readRawAnswer(line []byte) (a rawAnswer, err error) {
	if err := json.Unmarshal(line, &a); err != nil {
		return a, loaders.PlainJSON(err)
	}
	if a.Text == nil {
		return a, fmt.Errorf(`want {"text": "raw answer"}`)
	}
	return a, nil
}

func parseAnswer(parser *answers.Parser, a rawAnswer, types []ner.EntityType) (ParsedAnswer, error) {
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
			return ParsedAnswer{}, err
		}
	} else if parser.NeedsDocument() {
		return ParsedAnswer{}, fmt.Errorf(`answers of this family have offsets: want "document" too`)
	}
	p := parser.Read(d, types, ner.Completion{Text: *a.Text, Finish: a.Finish})
	out := ParsedAnswer{Outcome: p.Outcome, Step: p.Step, Flags: []ner.Flag{}, Mentions: []ParsedMention{}, Dropped: []DroppedMention{}}
	if d != nil {
		aligner, err := answers.NewAligner(d, answers.Alignment{})
		if err != nil {
			return out, err
		}
		answers.Place(&p, aligner)
		spans, unaligned := ner.NewCodePoints(d.Text).Spans(p.Spans), len(p.Unaligned)
		out.Spans, out.Unaligned = &spans, &unaligned
	}
	for _, m := range p.Mentions {
		flags := append([]ner.Flag{}, m.Flags...)
		out.Mentions = append(out.Mentions, ParsedMention{m.Text, m.Type, flags})
		for _, f := range flags {
			if !slices.Contains(out.Flags, f) {
				out.Flags = append(out.Flags, f)
			}
		}
	}
	for _, drop := range p.Dropped {
		if drop.Unused() {
			out.Unused = append(out.Unused, DroppedMention(drop))
		} else {
			out.Dropped = append(out.Dropped, DroppedMention(drop))
		}
	}
	return out, nil
}

// newDocument returns a document. Tokens are in code points.
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
			return nil, fmt.Errorf("token %d: [%d,%d) is not a range of the text", i, t[0], t[1])
		}
		d.Tokens = append(d.Tokens, ner.Range{Start: start, End: end})
	}
	return d, nil
}
