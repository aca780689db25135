package loop

import (
	"slices"
	"strconv"
	"strings"

	"nerbench/answers"
	"nerbench/metrics"
	"nerbench/ner"
)

// ParseOptions are the options to parse answers and to align their mentions. The zero
// values of the choices are the defaults.
type ParseOptions struct {
	// Form is the form of the answers, one of [answers.Forms].
	Form string
	// Presets are the ids of the metrics whose published parser can parse the answers
	// (docs/spec/metrics.md §9).
	Presets []string
	// Types are all types of the dataset, with their names in answers.
	Types []answers.TypeName
	// Alignment is the way to find mentions in the text (docs/spec/metrics.md §7).
	Alignment answers.Alignment
	// Unknown is drop (default) or fp (docs/spec/metrics.md §1.3).
	Unknown string
	// Thinking are the marks around the thinking in answers, beside those that are known
	// for all models.
	Thinking []answers.ThinkingMark
	// Reader is the parser: ladder or published (docs/spec/metrics.md §8.1). Empty: the
	// ladder for spans, the published parser for the protocols of other systems.
	Reader string
}

// With returns the options with those of a metric's id applied.
func (h ParseOptions) With(options map[string]string) ParseOptions {
	for name, value := range options {
		switch name {
		case "align":
			h.Alignment.Mode = value
		case "boundary":
			h.Alignment.Boundary = value
		case "tiers":
			h.Alignment.Tiers, _ = strconv.Atoi(value) // ParseID checked it
		case "unknown":
			h.Unknown = value
		case "reader":
			h.Reader = value
		}
	}
	return h
}

// PassageParser parses the answers about documents. Several goroutines may use it at
// once.
type PassageParser struct {
	options   ParseOptions
	parser    *answers.Parser
	protocols []metrics.Protocol
}

// NewPassageParser returns a parser that adds the items of the named protocols. An
// unknown form of answers or an unknown choice is an error.
func NewPassageParser(how ParseOptions, protocols ...metrics.Protocol) (*PassageParser, error) {
	parser, err := answers.NewParser(how.Form, how.Types, how.Unknown)
	if err != nil {
		return nil, err
	}
	if err := how.Alignment.Check(); err != nil {
		return nil, err
	}
	return &PassageParser{how, parser.WithThinking(how.Thinking...), protocols}, nil
}

// ParsedPassage is the prediction about one document.
type ParsedPassage struct {
	// Passage is the input of metrics.
	Passage metrics.Passage
	// Predictions are those of its answers, in order.
	Predictions []ner.Prediction
	// Ambiguous counts mentions that occur several times (docs/spec/metrics.md §7.5).
	Ambiguous int
}

// Passage parses the answers to all queries about a document, aligns their mentions
// with the text, and adds the strings of docs/spec/metrics.md §3.
func (r *PassageParser) Passage(d *ner.Document, given []ner.Answer) (ParsedPassage, error) {
	if r.parser.IsGiven() && len(given) == 1 {
		return Imported(d, r.parser.Read(d, given[0].Types, given[0].Completion), r.options, r.protocols...)
	}
	u := ParsedPassage{
		Passage:     metrics.Passage{Text: d.Text, Gold: d.Spans},
		Predictions: make([]ner.Prediction, len(given)),
	}
	aligner, err := answers.NewAligner(d, r.options.Alignment)
	if err != nil {
		return u, err
	}
	gold := newSurfaces(d)
	for i, a := range given {
		p := r.parser.Read(d, a.Types, a.Completion)
		u.Passage.Lenient = append(u.Passage.Lenient, lenient(gold, &p, a.Types, r.options.Unknown)...)
		if r.parser.PerType() && len(a.Types) == 1 {
			u.Passage.Published = append(u.Passage.Published, published(gold, a))
		} else {
			u.Passage.Published = append(u.Passage.Published, projected(gold, &p, a.Types, r.options.Unknown)...)
		}
		if r.options.Reader == "published" && r.parser.PerType() {
			p.Mentions = publishedMentions(a)
		}
		u.Ambiguous += answers.Place(&p, aligner)
		u.Passage.Pred = append(u.Passage.Pred, p.Spans...)
		u.Passage.Unaligned = append(u.Passage.Unaligned, p.Unaligned...)
		u.Predictions[i] = p
	}
	u.Passage.Items = r.protocolItems(d, given, u.Predictions)
	return u, nil
}

// Given returns the input of metrics for a prediction that was made elsewhere. With
// anyType, each type is one of the dataset.
func (r *PassageParser) Given(d *ner.Document, g answers.Given, anyType bool) (ParsedPassage, error) {
	return Imported(d, r.parser.Given(d, g, anyType), r.options, r.protocols...)
}

// HasSpans reports whether the answers have offsets.
func (r *PassageParser) HasSpans() bool { return r.parser.HasSpans() }

// surfaces are the gold strings of a document by type, with repeats, ordered by
// (start, end) (docs/spec/metrics.md §3.6). Gold without positions has the order of
// the file.
type surfaces map[ner.EntityType][]string

func newSurfaces(d *ner.Document) surfaces {
	spans := slices.Clone(d.Spans)
	slices.SortFunc(spans, ner.Span.Compare)
	s := surfaces{}
	for _, span := range spans {
		s[span.Type] = append(s[span.Type], d.Surface(span))
	}
	for _, m := range d.Mentions {
		s[m.Type] = append(s[m.Type], m.Text)
	}
	return s
}

// official writes strings as an answer and parses it with the official parser. void
// is set if the parser loses all of them.
func official(strs []string) (items []string, void bool) {
	if len(strs) == 0 {
		return nil, false
	}
	items = answers.Official(answers.AnswerString(strs))
	return items, len(items) == 0
}

// published returns the strings of one query as the paper's evaluator compares them.
func published(gold surfaces, a ner.Answer) metrics.Strings {
	t := a.Types[0]
	s := metrics.Strings{Type: t}
	s.Gold, s.GoldVoid = official(gold[t])
	if _, unread := a.Completion.Finish.Outcome(); !unread {
		s.Pred, s.Void = answers.Published(a.Completion.Text)
	}
	return s
}

// projected converts typed mentions to strings by type, as if each type had a query
// of its own (docs/spec/metrics.md §3.6).
func projected(gold surfaces, p *ner.Prediction, types []ner.EntityType, unknown string) []metrics.Strings {
	out := make([]metrics.Strings, 0, len(types))
	for _, t := range types {
		s := metrics.Strings{Type: t}
		s.Gold, s.GoldVoid = official(gold[t])
		s.Pred, s.Void = official(textsOf(p, t))
		out = append(out, s)
	}
	if s, ok := unknownStrings(p, unknown); ok {
		out = append(out, s)
	}
	return out
}

// lenient returns the strings of docs/spec/metrics.md §3.7, without JSON and bracket
// rules.
func lenient(gold surfaces, p *ner.Prediction, types []ner.EntityType, unknown string) []metrics.Strings {
	out := make([]metrics.Strings, 0, len(types))
	for _, t := range types {
		out = append(out, metrics.Strings{Type: t, Gold: normalised(gold[t]), Pred: normalised(textsOf(p, t))})
	}
	if s, ok := unknownStrings(p, unknown); ok {
		out = append(out, s)
	}
	return out
}

// unknownStrings returns the mentions of unknown types. They have no query, and each
// distinct one is a false positive (docs/spec/metrics.md §3.6).
func unknownStrings(p *ner.Prediction, unknown string) (metrics.Strings, bool) {
	if unknown != "fp" {
		return metrics.Strings{}, false
	}
	texts := normalised(textsOf(p, ner.Unknown))
	return metrics.Strings{Type: ner.Unknown, Pred: texts}, len(texts) > 0
}

func textsOf(p *ner.Prediction, t ner.EntityType) []string {
	var out []string
	for _, m := range p.Mentions {
		if m.Type == t {
			out = append(out, m.Text)
		}
	}
	return out
}

func normalised(texts []string) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = answers.Normalise(s)
	}
	return out
}

// publishedMentions returns the mentions that the official parser accepts, as written.
func publishedMentions(a ner.Answer) []ner.FlaggedMention {
	var out []ner.FlaggedMention
	for _, s := range answers.PublishedMentions(a.Completion.Text) {
		if strings.TrimSpace(s) != "" {
			out = append(out, ner.FlaggedMention{Mention: ner.Mention{Text: s, Type: a.Types[0]}})
		}
	}
	return out
}
